#include "mm/boot.hpp"
#include "support/machines.hpp"

#include <doctest/doctest.h>

using namespace mmscope;
using namespace mmscope::test;

namespace {
e820_entry entry(u64 addr, u64 size, u32 type) { return {phys_addr_t{addr}, size, type}; }
} // namespace

TEST_CASE("e820: neighbours of one type become one entry") {
  // [ram ][ram ]  →  [ram     ]
  e820_table t;
  t.add(nullptr, phys_addr_t{0x2000}, 0x1000, E820_TYPE_RAM);
  t.add(nullptr, phys_addr_t{0x1000}, 0x1000, E820_TYPE_RAM);
  CHECK(t.entries == std::vector{entry(0x1000, 0x2000, E820_TYPE_RAM)});
}

TEST_CASE("e820: where ranges overlap the larger type number wins") {
  // [ram         ]
  //     [res ]         →  [ram][res ][ram]
  e820_table t;
  t.add(nullptr, phys_addr_t{0}, 0x4000, E820_TYPE_RAM);
  t.add(nullptr, phys_addr_t{0x1000}, 0x1000, E820_TYPE_RESERVED);
  CHECK(t.entries == std::vector{entry(0, 0x1000, E820_TYPE_RAM), entry(0x1000, 0x1000, E820_TYPE_RESERVED),
                                 entry(0x2000, 0x2000, E820_TYPE_RAM)});
}

TEST_CASE("e820: an update touches its type only and an update to nothing removes") {
  e820_table t;
  t.add(nullptr, phys_addr_t{0}, 0x1000, E820_TYPE_RAM);
  t.add(nullptr, phys_addr_t{0x1000}, 0x1000, E820_TYPE_ACPI);
  t.update(nullptr, phys_addr_t{0}, 0x2000, E820_TYPE_RAM, E820_TYPE_RESERVED);
  CHECK(t.entries == std::vector{entry(0, 0x1000, E820_TYPE_RESERVED), entry(0x1000, 0x1000, E820_TYPE_ACPI)});
  t.update(nullptr, phys_addr_t{0x800}, ~u64{0}, 0, 0);
  CHECK(t.entries == std::vector{entry(0, 0x800, E820_TYPE_RESERVED)});
}

TEST_CASE("e820: names are read back as what they print") {
  for (u32 type : {E820_TYPE_RAM, E820_TYPE_RESERVED, E820_TYPE_ACPI, E820_TYPE_NVS, E820_TYPE_UNUSABLE, E820_TYPE_PMEM,
                   E820_TYPE_PRAM, E820_TYPE_SOFT_RESERVED})
    CHECK(e820_type_of(e820_type_name(type)) == type);
  CHECK(e820_type_of("cheese") == 0);
}

TEST_CASE("e820: page 0 and the BIOS area are no RAM and the last page of RAM is found") {
  System s = machine({{0, 2 * MiB}, {4 * MiB, 124 * MiB}});
  e820_finish(s, nullptr);
  CHECK(s.e820.entries.front() == entry(0, 0x1000, E820_TYPE_RESERVED));
  CHECK(s.e820.entries[1] == entry(0x1000, 0x9f000, E820_TYPE_RAM));
  CHECK(s.e820.entries[2] == entry(0x100000, 1 * MiB, E820_TYPE_RAM));
  CHECK(s.get(vm_field::max_pfn) == 0x8000);
}

TEST_CASE("e820: mem= cuts RAM and leaves the rest of the map alone") {
  System s = machine(pc(1 * GiB), "mem=900M");
  s.e820.add(nullptr, phys_addr_t{0xfffc0000}, 0x40000, E820_TYPE_RESERVED);
  e820_finish(s, nullptr);
  CHECK(s.get(vm_field::max_pfn) == 900 * MiB / 4096);
  CHECK(s.e820.entries.back() == entry(0xfffc0000, 0x40000, E820_TYPE_RESERVED));
}

TEST_CASE("e820: memmap= reserves and adds") {
  System s = machine(pc(256 * MiB), "memmap=16M$128M memmap=1M@300M");
  e820_finish(s, nullptr);
  e820__memblock_setup(s, nullptr);
  CHECK(s.memblock.search(memblock_list::memory, phys_addr_t{130 * MiB}) == -1);
  CHECK(s.memblock.search(memblock_list::memory, phys_addr_t{300 * MiB}) != -1);
}

TEST_CASE("e820: partial pages do not reach memblock") {
  //  RAM [1000 .. 9fc00)   memblock [1000 .. 9f000)
  System s = machine({{0, 639 * KiB}, {MiB, 255 * MiB}});
  to_memblock(s);
  CHECK(s.memblock.memory.regions[0] == memblock_region{phys_addr_t{0x1000}, 0x9e000, MEMBLOCK_NONE, no_node});
  CHECK(s.memblock.memory.total_size == 0x9ec00 + 255 * MiB); // the kernel's sum does not follow the trim
}
