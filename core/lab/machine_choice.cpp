#include "lab/machine_choice.hpp"

#include "base/text.hpp"
#include "base/units.hpp"

#include <algorithm>

namespace mmscope {
namespace {

constexpr u64 one_mib = u64{1} << 20, one_gib = u64{1} << 30;

// Any build number is of the same row.
std::string release_of(const KernelConfig &c) {
  if (c.debian != 0) return concat(c.era_major, '.', c.era_minor, ".1+deb", c.debian, c.flavour);
  return concat(c.era_major, '.', c.era_minor, '.', c.era_patch, "-1", c.flavour);
}

MachineSpec machine_for(const KernelConfig &config, std::string_view release, u64 ram, u64 cpus) {
  MachineSpec m = qemu_pc(ram, cpus);
  m.release = release;
  m.initrd_bytes = 0; // no two kernels have the same
  // A processor of 32 bits has no place beyond what PAE reaches: QEMU reserves none there.
  if (find_arch(config.arch)->word == 4)
    std::erase_if(m.e820, [](const e820_entry &e) { return e.addr.v >= u64{1} << 36; });
  return m;
}

} // namespace

std::vector<KernelBuild> kernel_builds() {
  std::vector<KernelBuild> builds;
  for (const KernelConfig *c : all_configs()) {
    KernelBuild b{release_of(*c), c, find_arch(c->arch), era_of_version(c->era_major, c->era_minor, c->era_patch)};
    if (b.arch == nullptr || b.era == nullptr || b.arch->firmware != Firmware::e820) continue;
    if (find_config(b.release) != c || !check_spec(machine_for(*c, b.release, one_gib, 1)).empty()) continue;
    builds.push_back(std::move(b));
  }
  std::stable_sort(builds.begin(), builds.end(), [](const KernelBuild &a, const KernelBuild &b) {
    if (a.arch != b.arch) return a.arch->name > b.arch->name; // those of today's machines first
    return a.era < b.era;                                     // eras are in order of time
  });
  return builds;
}

std::string make_choice(const MachineChoice &choice, Script &script) {
  const KernelConfig *config = find_config(choice.build);
  if (config == nullptr) return concat("kernel ", choice.build.substr(0, 60), " is not one whose sizes are known");
  const Arch *arch = find_arch(config->arch);
  if (arch == nullptr || arch->firmware != Firmware::e820)
    return "machines of this architecture can be compared as recorded boots only";
  if (choice.ram < choice_least || choice.ram > choice_most || choice.ram % one_mib != 0)
    return concat("RAM must be whole MiB, ", bytes_text(choice_least), " to ", bytes_text(choice_most));
  if (choice.cpus == 0 || choice.cpus > choice_cpus) return concat("the number of CPUs must be 1 to ", choice_cpus);
  if (choice.parameters.size() > choice_text) return concat("parameters: at most ", choice_text, " characters");
  if (std::any_of(choice.parameters.begin(), choice.parameters.end(), [](char c) { return c < ' ' || c > '~'; }))
    return "parameters: letters, digits and signs only";
  MachineSpec m = machine_for(*config, choice.build, choice.ram, choice.cpus);
  m.title = concat(arch->name, ", ", bytes_text(choice.ram));
  if (!choice.parameters.empty()) {
    append(m.command_line, ' ', choice.parameters);
    append(m.title, ", ", choice.parameters);
  }
  if (std::string wrong = check_spec(m); !wrong.empty()) return wrong;
  Script made = make_script(m);
  for (const std::string &a : made.assumed)
    if (a.starts_with("the boot stops: ")) return a;
  script = std::move(made);
  return {};
}

} // namespace mmscope
