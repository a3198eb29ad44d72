// dmesg_small: what a log of an unknown 32-bit kernel says of its build. Such kernels choose more than others: memory
// model, cache line, huge pages. Internal to the importer.
//
//   who asks for struct pages            ─► memory model
//   how many bytes for how many frames   ─► sizeof(struct page), pageblocks
//   alignment of a small request         ─► cache line
//   huge pages registered or not         ─► pageblocks, transparent huge pages
//   bss, then what is freed before it    ─► where init memory lies
#pragma once
#include "io/dmesg_lines.hpp"
#include "mm/e820.hpp"

#include <functional>
#include <span>
#include <vector>

namespace mmscope {

// Fills in setup.config; each thing that was read off the log is said through `assume`. Place and brk of the image and
// the number of CPUs are in the configuration already.
void infer_small_build(std::span<const LogLine> lines, std::span<const e820_entry> map, SystemSetup &setup,
                       const std::function<void(std::string)> &assume);

} // namespace mmscope
