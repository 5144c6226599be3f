# Headers that many sources read are read once. A source names all that it uses nevertheless: it has to compile without
# VOLUTUS_PRECOMPILE, too, where compilations are shared by ccache between folders, say.
option(VOLUTUS_PRECOMPILE "Read common headers once" ON)

# volutus_precompile(NAME [PROGRAMS] LIBRARIES lib... HEADERS header...): for targets over these libraries; executables
# are compiled with other flags than libraries.
function(volutus_precompile name)
  cmake_parse_arguments(PARSE_ARGV 1 headers "PROGRAMS" "" "LIBRARIES;HEADERS")
  if(VOLUTUS_PRECOMPILE)
    file(CONFIGURE OUTPUT ${name}.cpp CONTENT "")
    add_library(${name} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
    target_link_libraries(${name} PRIVATE ${headers_LIBRARIES})
    target_precompile_headers(${name} PRIVATE ${headers_HEADERS})
    if(headers_PROGRAMS)
      set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
      target_compile_options(${name} PRIVATE -fPIE)
    endif()
  endif()
endfunction()

# volutus_reads(TARGET NAME): the target's sources start from what NAME has read.
function(volutus_reads target name)
  if(VOLUTUS_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM ${name})
  endif()
endfunction()
