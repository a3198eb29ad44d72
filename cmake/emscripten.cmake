# The only place that knows what differs between emscripten versions. Tested with 3.1.6 (Debian 12); the link line
# is known to work with 3.1.69 and 6.0.5 too.

if(EMSCRIPTEN_VERSION VERSION_LESS 3.1.6)
  message(FATAL_ERROR "emscripten ${EMSCRIPTEN_VERSION} is too old: 3.1.6 or newer is needed")
endif()

# Names that changed.
if(EMSCRIPTEN_VERSION VERSION_LESS 3.1.25)
  set(em_stack_size -sTOTAL_STACK)
else()
  set(em_stack_size -sSTACK_SIZE)
endif()

# The page's module: an ES6 factory without file system, dynamic code or exceptions, small before anything else.
set(em_module_link_options
  -lembind
  -fno-exceptions
  -fno-rtti
  -sMODULARIZE
  -sEXPORT_ES6
  -sEXPORT_NAME=createMmscope
  -sENVIRONMENT=web
  -sFILESYSTEM=0
  -sMALLOC=emmalloc
  -sDYNAMIC_EXECUTION=0  # the page's CSP has no 'unsafe-eval'
  -sALLOW_MEMORY_GROWTH
  -sMIN_WEBGL_VERSION=2
  -sMAX_WEBGL_VERSION=2
  ${em_stack_size}=1048576
  "-sINCOMING_MODULE_JS_API=[\"wasmBinary\",\"locateFile\",\"instantiateWasm\",\"onAbort\",\"print\",\"printErr\"]")

# A program for node: tests, benchmarks, the command line.
set(em_node_link_options
  -sENVIRONMENT=node
  -sNODERAWFS  # reads the checkout's own files
  -sWASM_ASYNC_COMPILATION=0  # 3.1.6 would fetch() its own wasm on Node ≥ 18
  -sEXIT_RUNTIME=1
  -sALLOW_MEMORY_GROWTH
  ${em_stack_size}=8388608)  # tests keep whole machines on it

if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  list(APPEND em_module_link_options -g -sASSERTIONS=1)
  list(APPEND em_node_link_options -g -sASSERTIONS=1)
else()
  # Optimised as a whole when linked: it takes half a minute and saves 15 kB of download (gzipped). There is one
  # thread, so statics need no locks.
  add_compile_options(-flto -fno-threadsafe-statics)
  add_link_options(-flto)
  # The names are for web/hosting/split.mjs, which takes them out again. A function that is called once stays one until
  # the halves are parted: what comes later must not be a piece of what comes first.
  list(APPEND em_module_link_options -Oz --profiling-funcs
    -sBINARYEN_EXTRA_PASSES=--one-caller-inline-max-function-size=1
    # Data lie where few other numbers do (0xa1000; the program knows many sizes and addresses below and above), so that
    # web/hosting/split_data.mjs can tell an address.
    -sGLOBAL_BASE=659456)
  list(APPEND em_node_link_options -O2)
endif()

# Embind without RTTI: types that were never registered have no name to print.
set(em_embind_definitions EMSCRIPTEN_HAS_UNBOUND_TYPE_NAMES=0)

# Turns an executable into something that `node FILE.js` runs.
function(mmscope_node_program target)
  target_link_options(${target} PRIVATE ${em_node_link_options})
endfunction()
