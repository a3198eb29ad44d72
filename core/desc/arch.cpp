#include "desc/arch.hpp"

#include "desc/rows.hpp"

namespace mmscope {

namespace {

constexpr const Arch *arches[] = {&desc::x86_64,     &desc::i386,      &desc::i386_pae,
                                  &desc::arm64,      &desc::arm64_16k, &desc::arm64_64k,
                                  &desc::arm64_5_10, &desc::arm,       &desc::arm_lpae};

} // namespace

std::span<const Arch *const> all_arches() { return arches; }

const Arch *find_arch(std::string_view name) {
  for (const Arch *a : arches)
    if (a->name == name) return a;
  return nullptr;
}

} // namespace mmscope
