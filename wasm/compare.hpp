// compare.hpp: boots side by side, for web/page/compare.ts (which has the shapes of the JSON). Needs no desk and no
// picture; it is there with the later half.
//
//     const compare = new module.Compare();
//     compare.addPreset("qemu-1g"); compare.addBuild("6.1.0-1-686", 2 ** 30, 1, "");      "" or what is wrong
//     while (compare.play(50) < 1) …;
//     while (!compare.seek(compare.moments(), 500)) …;  JSON.parse(compare.moment());
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/dmesg.hpp"
#include "lab/compare.hpp"

namespace mmscope {

class Compare {
public:
  // --- what there is ---
  std::string choices() const;
  std::string eras() const;
  /// "null" when there is no such era.
  std::string changes(const std::string &from, const std::string &to) const;

  // --- machines, one after the other; what is wrong, or "" ---
  void clear();
  std::string add_preset(const std::string &name);
  std::string add_build(const std::string &release, double ram, unsigned cpus, const std::string &parameters);
  std::string add_script(const std::string &text, const std::string &title);
  void log_begin() { importer_.reset(new DmesgImporter); }
  bool log_feed(const std::string &chunk) { return importer_ && importer_->feed(chunk); }
  std::string log_finish();

  /// Plays at most so many calls of all of them; how far it is, 0 to 1.
  double play(unsigned calls);

  // --- the comparison, once it is 1 ---
  double moments() const { return boots_ ? static_cast<double>(boots_->moments().size()) : 0; }
  std::string machines() const;
  bool seek(double moment, unsigned calls);
  std::string moment() const;
  /// The nearest moment in a direction (1, -1) that all machines share.
  double shared(int direction) const;
  /// The moment right after the first call of this function that any machine makes; -1 when none does.
  double after(const std::string &function) const;
  std::string script(unsigned machine) const;

private:
  std::string add(Script script);
  bool ready() const { return boots_ && boots_->progress() == 1; }

  // Embind's way to the destructor is in the first half, with all that it reaches: by their addresses these are not.
  static void drop(Comparison *boots) { delete boots; }
  static void drop(DmesgImporter *importer) { delete importer; }
  static void drop(std::vector<Script> *scripts) { delete scripts; }
  template <class T> using Held = std::unique_ptr<T, void (*)(T *)>;

  Held<std::vector<Script>> scripts_{new std::vector<Script>, drop};
  Held<Comparison> boots_{nullptr, drop};
  Held<DmesgImporter> importer_{nullptr, drop};
};

/// Makes Compare known to JavaScript.
void bind_compare();

} // namespace mmscope
