# volutus_plugin([LIBRARIES lib...] [SIMULATED])
#
# Builds all *.cpp of the folder as a plugin. Its name is its path below plugins/: compute/service becomes
# compute_service, compute/drivers/libvirt becomes compute_libvirt. Made are
#   <name>         the shared library lib/<name>.so with its one exported symbol
#   <name>_static  the same code for unit tests, its entry renamed volutus_plugin_1_<name>
#   <name>_sim     with SIMULATED: the same under the simulator, entry renamed likewise
function(volutus_plugin)
  cmake_parse_arguments(PARSE_ARGV 0 plugin "SIMULATED" "" "LIBRARIES")
  set(map ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
  file(RELATIVE_PATH name ${CMAKE_SOURCE_DIR}/plugins ${CMAKE_CURRENT_SOURCE_DIR})
  string(REPLACE "/drivers/" "_" name ${name})
  string(REPLACE "/" "_" name ${name})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)

  add_library(${name} MODULE ${sources})
  set_target_properties(${name} PROPERTIES PREFIX "" LINK_DEPENDS ${map})
  target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  target_link_options(${name} PRIVATE -Wl,--version-script=${map} -Wl,--gc-sections)
  if(NOT VOLUTUS_SANITIZE)
    target_link_options(${name} PRIVATE -Wl,-z,defs)
  endif()
  target_link_libraries(${name} PRIVATE volutus_sdk fmt::fmt-header-only ${plugin_LIBRARIES})

  install(TARGETS ${name} LIBRARY DESTINATION lib/volutus)

  add_library(${name}_static STATIC EXCLUDE_FROM_ALL ${sources})
  target_compile_definitions(${name}_static PRIVATE volutus_plugin_1=volutus_plugin_1_${name}
    volutus_manifest_1=volutus_manifest_1_${name})
  target_link_libraries(${name}_static PUBLIC volutus_sdk fmt::fmt-header-only ${plugin_LIBRARIES})
  target_include_directories(${name}_static INTERFACE ${CMAKE_SOURCE_DIR}) # tests name headers from the root

  if(plugin_SIMULATED)
    add_library(${name}_sim STATIC EXCLUDE_FROM_ALL ${sources})
    target_compile_definitions(${name}_sim PRIVATE volutus_plugin_1=volutus_plugin_1_${name}
    volutus_manifest_1=volutus_manifest_1_${name})
    target_link_libraries(${name}_sim PUBLIC volutus_sdk_sim fmt::fmt-header-only ${plugin_LIBRARIES})
  endif()
endfunction()
