# The targets format (rewrites the sources) and tidy (clang-tidy over what this build compiles), and the check that
# the sources are formatted.
find_program(VOLUTUS_CLANG_FORMAT clang-format-19)
set(format ${CMAKE_CURRENT_SOURCE_DIR}/format.py --with "${VOLUTUS_CLANG_FORMAT}")
add_custom_target(format COMMAND ${Python3_EXECUTABLE} ${format} USES_TERMINAL)
house_test(the_check_of_the_format_refuses_a_bad_file ${Python3_EXECUTABLE}
  ${CMAKE_CURRENT_SOURCE_DIR}/format_test.py "${VOLUTUS_CLANG_FORMAT}")
house_test(sources_are_formatted ${Python3_EXECUTABLE} ${format} --check)
set_tests_properties(house.the_check_of_the_format_refuses_a_bad_file house.sources_are_formatted PROPERTIES
  SKIP_REGULAR_EXPRESSION "not installed: ")

find_program(VOLUTUS_RUN_CLANG_TIDY run-clang-tidy-19)
if(VOLUTUS_RUN_CLANG_TIDY)
  set(commands compile_commands.json)
  # The commands of g++ without the flag that clang does not know and the headers that g++ has precompiled.
  add_custom_target(tidy USES_TERMINAL VERBATIM
    COMMAND sed -e "s/ -fno-gnu-unique//" -e "s/ -Winvalid-pch -include [^ ]*//" ${CMAKE_BINARY_DIR}/${commands}
      > ${CMAKE_CURRENT_BINARY_DIR}/${commands}
    COMMAND ${VOLUTUS_RUN_CLANG_TIDY} -quiet -p ${CMAKE_CURRENT_BINARY_DIR} "^${CMAKE_SOURCE_DIR}/")
else()
  add_custom_target(tidy COMMAND ${CMAKE_COMMAND} -E echo "not installed: clang-tidy-19" COMMAND ${CMAKE_COMMAND} -E false)
endif()
