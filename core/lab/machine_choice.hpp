// machine_choice: a machine made up from few answers, for who compares: which kernel, how much RAM, which parameters.
// All of them get the same firmware map, so that what differs is the kernel's doing.
//
//   for (const KernelBuild &b : kernel_builds()) b.release, b.era->name, b.arch->name, b.config->flavour
//   MachineChoice choice{.build = "6.1.0-1-686-pae", .ram = u64{2} << 30, .parameters = "movablecore=512M"};
//   Script s;
//   std::string why = make_choice(choice, s);      // "" = s is its whole boot
#pragma once
#include "lab/presets.hpp"

#include <string>
#include <vector>

namespace mmscope {

struct KernelBuild {
  std::string release; // one that find_config knows
  const KernelConfig *config;
  const Arch *arch;
  const Era *era;
};
// Builds whose boot the model can write (lab/boot_model.hpp), by architecture and oldest first.
std::vector<KernelBuild> kernel_builds();

struct MachineChoice {
  std::string build;      // KernelBuild::release
  u64 ram = 0;            // bytes, whole MiB: choice_least to choice_most
  u64 cpus = 1;           // at most choice_cpus
  std::string parameters; // for the kernel's command line, at most choice_text characters
};
inline constexpr u64 choice_least = u64{64} << 20, choice_most = u64{512} << 30;
inline constexpr u64 choice_cpus = 64;
inline constexpr std::size_t choice_text = 200;

// What is wrong with the choice, in words, or "": then `script` is its boot (make_script of lab/presets.hpp).
std::string make_choice(const MachineChoice &choice, Script &script);

} // namespace mmscope
