# The fuzzers need libFuzzer, so clang; Debian installs it under a versioned name only.
find_program(MMSCOPE_CLANGXX NAMES clang++ clang++-19 clang++-16 clang++-14 REQUIRED)
set(CMAKE_CXX_COMPILER ${MMSCOPE_CLANGXX})
