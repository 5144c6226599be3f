# volutus_plugin([LIBRARIES lib...] [SIMULATED])
#
# Builds all *.cpp of the folder as a plugin; VOLUTUS_PLUGIN stands in plugin.cpp. Its name is its path below plugins/:
# compute/service becomes compute_service, compute/drivers/libvirt becomes compute_libvirt. Made are
#   <name>         the shared library lib/<name>.so with its one exported symbol
#   <name>_static  the same objects for unit tests; their entry is volutus_plugin_1_<name>
#   <name>_sim     with SIMULATED: the same code under the simulator, its entry named likewise
set(volutus_cmake ${CMAKE_CURRENT_LIST_DIR})

function(volutus_plugin)
  cmake_parse_arguments(PARSE_ARGV 0 plugin "SIMULATED" "" "LIBRARIES")
  file(RELATIVE_PATH name ${CMAKE_SOURCE_DIR}/plugins ${CMAKE_CURRENT_SOURCE_DIR})
  string(REPLACE "/drivers/" "_" name ${name})
  string(REPLACE "/" "_" name ${name})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  set_source_files_properties(plugin.cpp PROPERTIES SKIP_PRECOMPILE_HEADERS ON
    COMPILE_DEFINITIONS "volutus_plugin_1=volutus_plugin_1_${name};volutus_manifest_1=volutus_manifest_1_${name}")

  _volutus_plugin_objects(${name}_static volutus_sdk)
  volutus_reads(${name}_static volutus_headers)
  target_include_directories(${name}_static INTERFACE ${CMAKE_SOURCE_DIR}) # tests name headers from the root
  if(plugin_SIMULATED)
    _volutus_plugin_objects(${name}_sim volutus_sdk_sim)
    set_target_properties(${name}_sim PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()

  set(map ${volutus_cmake}/plugin.map)
  configure_file(${volutus_cmake}/entry.c.in entry.c @ONLY)
  add_library(${name} MODULE $<TARGET_OBJECTS:${name}_static> ${CMAKE_CURRENT_BINARY_DIR}/entry.c)
  set_target_properties(${name} PROPERTIES PREFIX "" LINK_DEPENDS ${map} LINKER_LANGUAGE CXX)
  target_link_options(${name} PRIVATE -Wl,--version-script=${map} -Wl,--gc-sections)
  if(NOT VOLUTUS_SANITIZE)
    target_link_options(${name} PRIVATE -Wl,-z,defs)
  endif()
  target_link_libraries(${name} PRIVATE volutus_sdk fmt::fmt-header-only ${plugin_LIBRARIES})
  install(TARGETS ${name} LIBRARY DESTINATION lib/volutus)
endfunction()

# The caller's sources as a static library over one build of the SDK.
macro(_volutus_plugin_objects target sdk)
  add_library(${target} STATIC ${sources})
  target_link_libraries(${target} PUBLIC ${sdk} fmt::fmt-header-only ${plugin_LIBRARIES})
endmacro()
