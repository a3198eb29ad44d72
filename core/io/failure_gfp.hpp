// failure_gfp: the flags of a failed request, as kernels of any age print them, in the bits of 6.1 (desc/gfp.hpp).
//
//   0x6000c0(GFP_KERNEL)     the names count: every version from 4.6 on prints them, and the numbers moved under them
//   0x20                     up to 4.5 only the number: read as that version counted
//
// A name that 6.1 has no bit for says nothing about zones or waiting and is left out; one that is unknown is left out
// and told.
#pragma once
#include "desc/gfp.hpp"
#include "lab/failure_report.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace mmscope {

struct KernelVersion {
  unsigned major = 0, minor = 0; // 0: not known
  constexpr bool known() const { return major != 0; }
  constexpr auto operator<=>(const KernelVersion &) const = default;
};
// "6.1.0-13-amd64" is {6, 1}.
KernelVersion version_of(std::string_view release);

// Names joined by |. Nothing if none is known.
std::optional<gfp_t> gfp_of_names(std::string_view names, std::vector<Saying> &assumed, u32 line);
// The number alone. Nothing where no table of that version is known.
std::optional<gfp_t> gfp_of_number(u64 number, KernelVersion version, std::vector<Saying> &assumed, u32 line);

} // namespace mmscope
