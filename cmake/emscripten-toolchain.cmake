# Finds the toolchain file of whichever emscripten is on the PATH, so that `cmake --preset web` needs no paths.
find_program(MMSCOPE_EMCC emcc PATHS ENV EMSDK PATH_SUFFIXES upstream/emscripten)
if(NOT MMSCOPE_EMCC)
  message(FATAL_ERROR "emcc not found: install emscripten (3.1.6 or newer); ./lab build web does it on Debian")
endif()
get_filename_component(emscripten_root ${MMSCOPE_EMCC} REALPATH)
get_filename_component(emscripten_root ${emscripten_root} DIRECTORY)
# emcc 3.1.6 runs fetch() on Node ≥ 18 for CMake's own probes unless told which node to use.
find_program(MMSCOPE_NODE node)
if(MMSCOPE_NODE)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${MMSCOPE_NODE} CACHE FILEPATH "Runs wasm programs")
endif()
include(${emscripten_root}/cmake/Modules/Platform/Emscripten.cmake)
