# mmscope_module(base SOURCES a.cpp a.hpp LINKS ...) makes the static library mmscope_base.
# Sources are listed, never globbed: a file that nobody lists is a mistake that `./lab test structure` reports.
# A module that has only headers so far becomes an INTERFACE library.

# What every target of ours is compiled with.
add_library(mmscope_flags INTERFACE)
target_include_directories(mmscope_flags INTERFACE ${CMAKE_SOURCE_DIR}/core)
target_compile_definitions(mmscope_flags INTERFACE MMSCOPE_VERIFY=$<BOOL:${MMSCOPE_VERIFY}>)
target_compile_options(mmscope_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -fno-rtti
  # `{.name = "x"}` means that the rest keeps its default; gcc 12 warns all the same.
  -Wno-missing-field-initializers
  # The same source gives the same binary wherever the checkout lies.
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
if(MMSCOPE_WERROR)
  target_compile_options(mmscope_flags INTERFACE -Werror)
endif()

if(MMSCOPE_SANITIZE)
  add_compile_options(-fsanitize=${MMSCOPE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${MMSCOPE_SANITIZE})
endif()
if(MMSCOPE_FUZZ)
  # Coverage feedback in everything; only the fuzzers themselves link libFuzzer's main.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# The model is compiled for speed (-O2) and the UI for size (-Oz); see core/ and web/ CMakeLists.
# The build type's own level comes first on the command line, so this one wins, but only in wasm:
# natively the presets decide.
function(mmscope_optimize target level)
  if(EMSCRIPTEN AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_compile_options(${target} PRIVATE ${level})
  endif()
endfunction()

function(mmscope_module name)
  cmake_parse_arguments(arg "" "OPTIMIZE" "SOURCES;LINKS" ${ARGN})
  set(target mmscope_${name})
  set(compiled ${arg_SOURCES})
  list(FILTER compiled INCLUDE REGEX "\\.cpp$")
  if(compiled)
    add_library(${target} STATIC ${arg_SOURCES})
    target_link_libraries(${target} PUBLIC mmscope_flags ${arg_LINKS})
    target_compile_options(${target} PRIVATE -fno-exceptions)
    if(NOT arg_OPTIMIZE)
      set(arg_OPTIMIZE -O2)
    endif()
    mmscope_optimize(${target} ${arg_OPTIMIZE})
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE mmscope_flags ${arg_LINKS})
  endif()
endfunction()
