// bootmem_model: the boot of a kernel before memblock (i386: 2.4.22, 2.6.11, 2.6.24) as a list of calls, by that kernel's
// formulas. The counterpart of boot_model.cpp; make_script() of lab/presets.hpp chooses by the era.
//
//   firmware map ─► init_bootmem: a bitmap behind the image ─► RAM set free, image and page 0 reserved
//   ─► page tables ─► zones, mem_map ─► resources, hash tables ─► free_all_bootmem ─► watermarks ─► freed init memory
#pragma once
#include "lab/presets.hpp"
#include "mm/system.hpp"

namespace mmscope {

// Pages of page tables that a 2.6 kernel's first instructions build behind the image, whose last byte is before
// `image_end`: they map the image, themselves and 128 KiB more, 4 MiB a page.
u64 initial_page_tables(u64 image_end);

Script bootmem_script(const MachineSpec &spec, const SystemSetup &setup);

} // namespace mmscope
