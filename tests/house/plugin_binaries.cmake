# Every plugin that this build made is one exported symbol and no more.
set(check ${CMAKE_CURRENT_SOURCE_DIR}/plugin_binaries.py)
if(plugins)
  list(TRANSFORM plugins REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE files)
  house_test(a_plugin_exports_one_symbol_and_brings_no_cpp_library ${Python3_EXECUTABLE} ${check} ${files})
endif()
house_test(the_check_of_plugins_refuses_bad_ones ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/plugin_binaries_test.py
  ${CMAKE_CXX_COMPILER} ${CMAKE_SOURCE_DIR}/sdk/cmake/plugin.map)
