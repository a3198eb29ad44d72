# Header-only dependencies, as interface targets: doctest (tests) and nlohmann/json (core/io natively,
# core/lesson everywhere: the page reads lessons).
#
# Their headers lie in /usr/include, which must never be on the include path of a cross compiler (it would
# shadow emscripten's own libc). So the one folder is copied into the build tree and only that is added.

function(mmscope_header_only name folder header)
  find_path(${name}_ROOT ${folder}/${header} NO_CMAKE_FIND_ROOT_PATH
            PATHS /usr/include /usr/local/include /opt/homebrew/include)
  mark_as_advanced(${name}_ROOT)
  if(NOT ${name}_ROOT)
    message(STATUS "${folder}/${header} not found: what needs it is not built")
    return()
  endif()
  set(copy ${CMAKE_BINARY_DIR}/header_only/${name})
  file(COPY ${${name}_ROOT}/${folder} DESTINATION ${copy})
  add_library(${name} INTERFACE)
  target_include_directories(${name} SYSTEM INTERFACE ${copy})
endfunction()

mmscope_header_only(doctest doctest doctest.h)
mmscope_header_only(nlohmann_json nlohmann json.hpp)
