#include "desc/arch.hpp"

#include "desc/rows.hpp"

namespace mmscope {

namespace {

constexpr const Arch *arches[] = {&desc::x86_64,    &desc::i386,      &desc::i386_pae,   &desc::arm64,
                                  &desc::arm64_16k, &desc::arm64_64k, &desc::arm64_5_10, &desc::arm,
                                  &desc::arm_lpae,  &desc::riscv64};

// The page's first load has the row that it begins with; all others come later (web/hosting/split.mjs).
[[gnu::noinline]] const Arch *find_later_arch(std::string_view name) {
  for (const Arch *a : arches)
    if (a->name == name) return a;
  return nullptr;
}

} // namespace

std::span<const Arch *const> all_arches() { return arches; }

const Arch *find_arch(std::string_view name) {
  return name == desc::x86_64.name ? &desc::x86_64 : find_later_arch(name);
}

} // namespace mmscope
