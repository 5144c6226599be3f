# Every header compiles alone, in each language and with each library that it promises. The target headers_alone
# compiles again what changed since it last did; a test of the same name builds it.

# compile_alone(out variant COMMAND compiler flag... FILES file...): appends to the list `out` what to depend on.
function(compile_alone out variant)
  cmake_parse_arguments(PARSE_ARGV 2 alone "" "" "COMMAND;FILES")
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/alone/${variant})
  file(MAKE_DIRECTORY ${folder})
  foreach(file ${alone_FILES})
    file(RELATIVE_PATH shown ${CMAKE_SOURCE_DIR} ${file})
    string(REPLACE "/" "." stamp ${shown})
    set(stamp ${folder}/${stamp})
    # Included from the command line, as #pragma once is a warning in a main file.
    add_custom_command(OUTPUT ${stamp} DEPENDS ${file} DEPFILE ${stamp}.d COMMAND_EXPAND_LISTS VERBATIM
      COMMAND ${alone_COMMAND} -Wall -Wextra -Werror -Wno-missing-field-initializers -fsyntax-only
        -MD -MF ${stamp}.d -MT ${stamp} -include ${file} /dev/null
      COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
      COMMENT "Compiling ${shown} alone (${variant})")
    list(APPEND ${out} ${stamp})
  endforeach()
  set(${out} ${${out}} PARENT_SCOPE)
endfunction()

# What #include finds when a file of the target is compiled.
function(include_flags out target)
  set(${out} "-I$<JOIN:$<TARGET_PROPERTY:${target},INCLUDE_DIRECTORIES>,$<SEMICOLON>-I>" PARENT_SCOPE)
endfunction()

file(GLOB_RECURSE sdk_headers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/sdk/*.hpp)
file(GLOB sdk_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/sdk/src/*.cpp)
file(GLOB_RECURSE kernel_headers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/kernel/*.hpp)
set(stamps "")
set(libcxx_stamps "")
set(world_headers ${kernel_headers})
list(FILTER kernel_headers EXCLUDE REGEX "/kernel/world/")
list(FILTER world_headers INCLUDE REGEX "/kernel/world/")
set(border ${CMAKE_SOURCE_DIR}/sdk/abi/volutus.h)
set(seam ${CMAKE_SOURCE_DIR}/sdk/include/volutus/world.hpp)
set(sdk_includes -I${CMAKE_SOURCE_DIR}/sdk/abi -I${CMAKE_SOURCE_DIR}/sdk/include -I${CMAKE_SOURCE_DIR}/sdk)
include_flags(kernel_includes volutus_kernel)

compile_alone(stamps c11 COMMAND ${CMAKE_C_COMPILER} -std=c11 -pedantic -x c FILES ${border})
compile_alone(stamps cxx11 COMMAND ${CMAKE_CXX_COMPILER} -std=c++11 -pedantic -x c++ FILES ${border})
compile_alone(stamps cxx17 COMMAND ${CMAKE_CXX_COMPILER} -std=c++17 ${sdk_includes} -x c++ FILES ${sdk_headers})
compile_alone(stamps simulated FILES ${seam} ${world_headers}
  COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 -DVOLUTUS_SIMULATION ${kernel_includes} -x c++)
compile_alone(stamps cxx20 COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 ${kernel_includes} -x c++ FILES ${kernel_headers})
foreach(plugin ${plugins})
  get_target_property(folder ${plugin} SOURCE_DIR)
  file(GLOB headers CONFIGURE_DEPENDS ${folder}/*.hpp)
  include_flags(includes ${plugin})
  compile_alone(stamps cxx20 COMMAND ${CMAKE_CXX_COMPILER} -std=c++20 ${includes} -x c++ FILES ${headers})
endforeach()
add_custom_target(headers_alone DEPENDS ${stamps})

# A vendor may build the SDK with another compiler and another standard library than ours.
find_program(VOLUTUS_CLANG clang++-19)
find_path(VOLUTUS_LIBCXX vector PATHS /usr/lib/llvm-19/include/c++/v1 NO_DEFAULT_PATH)
if(VOLUTUS_CLANG AND VOLUTUS_LIBCXX)
  compile_alone(libcxx_stamps libcxx FILES ${sdk_headers} ${sdk_sources}
    COMMAND ${VOLUTUS_CLANG} -std=c++17 -stdlib=libc++ ${sdk_includes} -x c++)
  add_custom_target(sdk_on_libcxx DEPENDS ${libcxx_stamps})
else()
  add_custom_target(sdk_on_libcxx COMMAND ${CMAKE_COMMAND} -E echo "not installed: clang-19 and libc++-19-dev")
endif()

foreach(row "headers_alone;every_header_compiles_alone" "sdk_on_libcxx;the_sdk_compiles_as_cxx17_with_clang_on_libcxx")
  list(GET row 0 target)
  list(GET row 1 name)
  house_test(${name} ${CMAKE_COMMAND} --build ${CMAKE_BINARY_DIR} --target ${target} --parallel 2)
  # Two runs of ninja in one folder would disturb each other.
  set_tests_properties(house.${name} PROPERTIES RESOURCE_LOCK build_folder PROCESSORS 2 TIMEOUT 1800
    SKIP_REGULAR_EXPRESSION "not installed: ")
endforeach()
