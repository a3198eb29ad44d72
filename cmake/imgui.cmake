# Dear ImGui from IMGUI_DIR (the environment's or the cache's), else from third_party/imgui where ./lab puts it.
# Makes the target `imgui` (core), and in wasm `imgui_opengl3` (the WebGL2 renderer). Without the sources neither
# exists, and what needs them is left out with a note.

if(NOT MMSCOPE_CANVAS)
  return()
endif()

set(IMGUI_DIR "$ENV{IMGUI_DIR}" CACHE PATH "Dear ImGui sources, 1.92 or newer")
set(imgui_dir "${IMGUI_DIR}")
if(NOT imgui_dir)
  set(imgui_dir ${CMAKE_SOURCE_DIR}/third_party/imgui)
endif()

if(NOT EXISTS ${imgui_dir}/imgui.cpp)
  message(STATUS "Dear ImGui not found in ${imgui_dir}: the canvas is not built (./lab build web fetches it)")
  return()
endif()

file(STRINGS ${imgui_dir}/imgui.h imgui_version REGEX "^#define IMGUI_VERSION ")
string(REGEX REPLACE ".*\"(.*)\".*" "\\1" imgui_version "${imgui_version}")
file(STRINGS ${CMAKE_SOURCE_DIR}/cmake/imgui.lock imgui_locked REGEX "^version=")
string(REPLACE "version=" "" imgui_locked "${imgui_locked}")
if(imgui_version VERSION_LESS 1.92)
  message(FATAL_ERROR "Dear ImGui ${imgui_version} in ${imgui_dir} is too old: 1.92 or newer is needed")
elseif(NOT imgui_version STREQUAL imgui_locked)
  message(WARNING "Dear ImGui ${imgui_version} instead of ${imgui_locked}: golden pictures do not count")
endif()

# In wasm every kilobyte is downloaded: what the canvas does not use is left out (wasm/imgui_lean.cpp says what).
add_library(imgui STATIC
  ${imgui_dir}/imgui.cpp
  ${imgui_dir}/imgui_draw.cpp
  $<IF:$<BOOL:${EMSCRIPTEN}>,${CMAKE_SOURCE_DIR}/wasm/imgui_lean.cpp,${imgui_dir}/imgui_tables.cpp>
  ${imgui_dir}/imgui_widgets.cpp)
if(EMSCRIPTEN)
  target_compile_definitions(imgui PUBLIC IMGUI_DISABLE_DEFAULT_FONT IMGUI_DISABLE_DEFAULT_FORMAT_FUNCTIONS)
endif()
target_include_directories(imgui SYSTEM PUBLIC ${imgui_dir})
target_compile_definitions(imgui PUBLIC
  IMGUI_ENABLE_TEST_ENGINE  # four hooks that the widget mirror implements
  IMGUI_DISABLE_DEMO_WINDOWS
  IMGUI_DISABLE_DEBUG_TOOLS
  IMGUI_DISABLE_OBSOLETE_FUNCTIONS
  IMGUI_DISABLE_FILE_FUNCTIONS)
target_compile_options(imgui PRIVATE -fno-exceptions -fno-rtti -w)
if(MMSCOPE_SANITIZE)
  # Bad buffers that we hand over must be caught, undefined behaviour of theirs need not: it makes the compiler four
  # times slower here.
  target_compile_options(imgui PRIVATE -fno-sanitize=undefined)
endif()
mmscope_optimize(imgui -Oz)

if(EMSCRIPTEN)
  add_library(imgui_opengl3 STATIC ${imgui_dir}/backends/imgui_impl_opengl3.cpp ${CMAKE_SOURCE_DIR}/wasm/gl_state.cpp)
  set_source_files_properties(${imgui_dir}/backends/imgui_impl_opengl3.cpp PROPERTIES COMPILE_DEFINITIONS
    "glGetIntegerv=mmscope_glGetIntegerv;glIsEnabled=mmscope_glIsEnabled")
  target_include_directories(imgui_opengl3 SYSTEM PUBLIC ${imgui_dir}/backends)
  target_compile_definitions(imgui_opengl3 PUBLIC IMGUI_IMPL_OPENGL_ES3)
  target_compile_options(imgui_opengl3 PRIVATE -fno-exceptions -fno-rtti -w)
  target_link_libraries(imgui_opengl3 PUBLIC imgui)
  mmscope_optimize(imgui_opengl3 -Oz)
endif()
