// The page's module, later half: everything that can wait until the first picture stands. The functions of the class
// Later, and what only they reach, are in a file of their own that loads while the learner looks (web/hosting/split.mjs).
//
//     const later = new module.Later(lab);                once that file is there (web/page/module.ts)
//     later.loadPreset("server-1t"); JSON.parse(later.table("reserved", 0, 50));
#include <algorithm>
#include <memory>

#include "base/text.hpp"
#include "base/units.hpp"

#include <emscripten.h>
#include <emscripten/bind.h>

#include "compare.hpp"
#include "io/json_writer.hpp"
#include "io/script_text.hpp"
#include "lab/presets.hpp"
#include "layouts.hpp"
#include "lessons.hpp"
#include "live.hpp"
#include "objects.hpp"
#include "session.hpp"
#include "sheets.hpp"
#include "tools.hpp"

namespace mmscope {
namespace {

class Later {
public:
  explicit Later(Session &session) : session_(session), lessons_(new Lessons(session), drop) {
    session.desk().whole = true;
  }

  // --- machines ---
  std::string presets() const {
    std::string out;
    JsonWriter j(out);
    j.begin_array();
    for (const MachineSpec &m : mmscope::presets())
      j.begin_object().key("name").string(m.name).key("title").string(m.title).end_object();
    j.end_array();
    return out;
  }
  bool load_preset(const std::string &name) {
    const MachineSpec *spec = find_preset(name);
    if (spec == nullptr) return false;
    session_.begin(make_script(*spec), {}, spec->release);
    return true;
  }

  // --- facts ---
  std::string table(const std::string &name, unsigned from, unsigned count) const {
    return lab() ? facts::table(*lab(), session_.record(), name, from, count) : "null";
  }
  std::string digest() const {
    std::string hex;
    if (lab()) append_hex(hex, lab()->digest(), 16);
    return hex;
  }

  // --- things ---
  std::string inspect(const std::string &path) const {
    return lab() ? sheets::sheet(mmscope::inspect(*lab(), path), lab()->state().arch->page_shift) : "null";
  }
  /// False if there is no such thing; what was selected stays then.
  bool select(const std::string &path) {
    if (!lab()) return false;
    const Sheet sheet = mmscope::inspect(*lab(), path);
    if (!sheet.error.empty()) return false;
    select_range(sheet.path, sheet.title, sheet.base, sheet.end);
    return true;
  }
  void clear_selection() { session_.desk().clear_selection(); }
  std::string selection() const {
    const auto &selected = session_.desk().selection;
    return selected ? selected->path : std::string();
  }
  double selections() const { return static_cast<double>(session_.desk().selections); }

  // --- questions ---
  std::string ask(const std::string &text) const { return lab() ? sheets::answer(mmscope::ask(*lab(), text)) : "null"; }
  std::string complete(const std::string &text) const {
    return lab() ? sheets::words(mmscope::complete(*lab(), text)) : "[]";
  }
  /// Begins a search; what is wrong with the query, or "".
  std::string begin_search(const std::string &query) {
    search_.reset();
    if (!lab()) return {};
    search_machine_ = session_.machines();
    search_.reset(new Search(*lab(), query));
    return search_->error();
  }
  double search_on(unsigned calls) { return on(search(), calls); }
  std::string hits(unsigned from, unsigned count) { return search() ? sheets::hits(*search(), from, count) : "null"; }
  std::string hit_near(int direction) {
    if (!search()) return "null";
    const Position here = lab()->position();
    return sheets::place(direction < 0 ? search()->previous(here) : search()->next(here));
  }

  // --- the life of a page frame ---
  void follow(double at, bool address) {
    biography_.reset();
    if (!lab() || !(at >= 0) || at > static_cast<double>(u64{1} << 53)) return;
    biography_machine_ = session_.machines();
    const auto n = static_cast<u64>(at);
    biography_.reset(new Biography(*lab(), pfn_t{address ? n >> lab()->state().arch->page_shift : n}));
  }
  double follow_on(unsigned calls) { return on(biography(), calls); }
  std::string life() { return biography() ? sheets::life(*lab(), *biography()) : "null"; }

  // --- the picture's filter, by lines of the accounting ---
  std::string filter() const { return lab() ? sheets::filter(*lab(), session_.desk().filter()) : "[]"; }
  void toggle_filter(const std::string &part, const std::string &label) {
    if (lab()) session_.desk().set_filter(sheets::toggled(*lab(), session_.desk().filter(), part, label));
  }
  void show_all() { session_.desk().set_filter({}); }
  /// The largest range that is held under this name.
  bool select_owner(const std::string &label) {
    if (!lab()) return false;
    const auto [base, end] = sheets::largest_range(*lab(), label);
    if (end == base) return false;
    select_range(concat("page[", hex_text(base >> lab()->state().arch->page_shift), "]"), label, base, end);
    return true;
  }

  // --- lessons ---
  std::string lesson_machine(const std::string &text, unsigned seed) { return Lessons::machine(text, seed); }
  std::string lesson_begin(const std::string &text, unsigned seed, const std::string &mode) {
    return lessons_->begin(text, seed, mode);
  }
  void lesson_end() { lessons_->end(); }
  std::string lesson_enter(unsigned step) { return lessons_->enter(step); }
  std::string lesson_step() { return lessons_->step(); }
  std::string lesson_answer(const std::string &typed) { return lessons_->answer(typed); }
  std::string lesson_skip() { return lessons_->skip(); }
  std::string lesson_hint() { return lessons_->hint(); }
  std::string lesson_call(const std::string &line) { return lessons_->call(line); }
  std::string lesson_undo() { return lessons_->undo(); }
  std::string lesson_exercise() { return lessons_->exercise(); }
  std::string lesson_finish() { return lessons_->finish(); }
  std::string lesson_results() { return lessons_->results(); }
  std::string lesson_inputs() { return lessons_->inputs(); }
  std::string lesson_replay(const std::string &inputs) { return lessons_->replay(inputs); }
  std::string lesson_receipt(const std::string &name) { return lessons_->receipt(name); }
  std::string lesson_grade(const std::string &receipt, const std::string &lesson) {
    return lessons_->grade(receipt, lesson);
  }
  std::string lesson_check(const std::string &text, unsigned machine, const std::string &prose) {
    return lessons_->check(text, machine, prose);
  }
  void lesson_look(const std::string &path, double from, double to) { lessons_->look(path, from, to); }
  void lesson_show(double call, double event) { lessons_->show(call, event); }

  // --- kernel calls of one's own, and machines as scripts ---
  std::string load_script(const std::string &text, const std::string &title) {
    ParsedScript parsed = parse_script(text);
    if (!parsed.errors.empty()) {
      const ScriptError &e = parsed.errors.front();
      return facts::refusal({.line = e.line, .column = e.column, .reason = e.reason});
    }
    parsed.script.title = title;
    session_.begin(std::move(parsed.script), {}, "");
    return "{\"ok\":true}";
  }
  std::string script_text() const { return lab() ? to_text(lab()->script()) : ""; }
  std::string completion(const std::string &line) const { return lab() ? tools::completion(*lab(), line) : "null"; }
  std::string make_call(const std::string &line) { return lab() ? tools::make_call(*lab(), line) : "null"; }
  std::string branches() const { return lab() ? tools::branches(*lab()) : "null"; }
  bool switch_branch(unsigned id) { return lab() && lab()->switch_branch(id); }

  // --- the running allocator ---
  std::string allocator(unsigned from, unsigned count) {
    return lab() ? live::state(*lab(), holdings(), from, count) : "null";
  }
  std::string usage() const { return lab() ? live::usage(*lab()) : "null"; }
  std::string holding(double pfn) {
    return lab() && pfn >= 0 && pfn < 0x1p53 ? live::holding(*lab(), holdings(), static_cast<u64>(pfn)) : "null";
  }
  std::string gfp(const std::string &text) const { return lab() ? live::gfp(*lab(), text) : "null"; }
  std::string gfp_words() const { return live::gfp_words(); }
  std::string walk() const { return lab() && lab()->call() ? live::walk(*lab()) : "null"; }
  std::string told() const { return lab() ? live::told(*lab()) : "null"; }
  std::string caches() const { return lab() ? objects::caches(*lab()) : "null"; }
  std::string cache(unsigned id, unsigned most) const { return lab() ? objects::cache(*lab(), id, most) : "null"; }
  std::string object(double address) const {
    return lab() && address >= 0 && address < 0x1p53 ? objects::object(*lab(), static_cast<u64>(address)) : "null";
  }

  // --- struct page, memory models, the allocators before memblock ---
  std::string page_choices() const { return lab() ? layouts::choices(*lab()) : "null"; }
  std::string page_layout(const std::string &era, unsigned bits, const std::string &options, double pfn,
                          const std::string &against) const {
    return lab() ? layouts::layout(*lab(), era, bits, options, frame(pfn), against) : "null";
  }
  std::string page_flags(const std::string &era, const std::string &options, double pfn,
                         const std::string &model) const {
    return lab() ? layouts::flags(*lab(), era, options, frame(pfn), model) : "null";
  }
  std::string page_models(const std::string &era, const std::string &options, double pfn) const {
    return lab() ? layouts::models(*lab(), era, options, frame(pfn)) : "null";
  }
  std::string old_memory() const { return lab() ? layouts::old(*lab()) : "null"; }

  // --- the playhead, and the view of the desk ---
  void seek(double call, double event, double part) {
    if (lab()) lab()->seek({static_cast<u64>(call), static_cast<u64>(event), static_cast<u64>(part)});
  }
  bool seek_some(double call, double event, unsigned calls) {
    return !lab() || lab()->seek_some({static_cast<u64>(call), static_cast<u64>(event), 0}, calls);
  }
  void stride(const std::string &how, int direction) {
    if (lab()) lab()->stride(how == "in" ? Stride::in : how == "out" ? Stride::out : Stride::over, direction);
  }
  std::string view() const { return lab() ? tools::view(session_.desk()) : "null"; }
  void set_focus(const std::string &panel) { session_.desk().focus = panel; }
  void pin(const std::string &panel) { session_.desk().pinned = panel; }
  void set_axis(double from, double to) { session_.desk().axis.set_view(from, to); }
  void clear_bookmarks() { session_.desk().bookmarks.clear(); }
  void add_bookmark(double call, double event, double part) {
    session_.desk().bookmarks.push_back({static_cast<u64>(call), static_cast<u64>(event), static_cast<u64>(part)});
  }

private:
  Lab *lab() const { return session_.lab(); }
  static u64 frame(double pfn) { return pfn >= 0 && pfn < 0x1p41 ? static_cast<u64>(pfn) : 0; } // times 4 KiB: 53 bits
  void select_range(std::string_view path, std::string_view name, u64 base, u64 end) {
    session_.desk().select(path, name, base, end);
    session_.desk().reveal_selection();
  }
  // What was begun for one machine says nothing of the next, and must not look at it.
  Search *search() {
    if (search_machine_ != session_.machines()) search_.reset();
    return search_.get();
  }
  Biography *biography() {
    if (biography_machine_ != session_.machines()) biography_.reset();
    return biography_.get();
  }
  Holdings &holdings() {
    if (!holdings_ || holdings_machine_ != session_.machines()) holdings_.reset(new Holdings);
    holdings_machine_ = session_.machines();
    return *holdings_;
  }
  /// How far it is, 0 to 1 (through).
  template <class Slices> static double on(Slices *slices, unsigned calls) {
    if (slices == nullptr || slices->advance(calls)) return 1;
    return std::min(slices->progress(), 0.999);
  }

  // Embind's way to the destructor is in the first half, with all that it reaches: by their addresses these are not.
  static void drop(Search *search) { delete search; }
  static void drop(Biography *biography) { delete biography; }
  static void drop(Lessons *lessons) { delete lessons; }
  static void drop(Holdings *holdings) { delete holdings; }
  template <class T> using Held = std::unique_ptr<T, void (*)(T *)>;

  Session &session_;
  Held<Search> search_{nullptr, drop};
  Held<Biography> biography_{nullptr, drop};
  Held<Holdings> holdings_{nullptr, drop};
  unsigned search_machine_ = 0, biography_machine_ = 0, holdings_machine_ = 0;
  Held<Lessons> lessons_;
};

} // namespace

// Called by the page once the later half is there; at start, as EMSCRIPTEN_BINDINGS does it, Embind would look at functions
// that are not.
extern "C" EMSCRIPTEN_KEEPALIVE void mmscope_later() {
  emscripten::class_<Later>("Later")
      .constructor<Session &>()
      .function("presets", &Later::presets)
      .function("loadPreset", &Later::load_preset)
      .function("table", &Later::table)
      .function("digest", &Later::digest)
      .function("inspect", &Later::inspect)
      .function("select", &Later::select)
      .function("clearSelection", &Later::clear_selection)
      .function("selection", &Later::selection)
      .function("selections", &Later::selections)
      .function("ask", &Later::ask)
      .function("complete", &Later::complete)
      .function("search", &Later::begin_search)
      .function("searchOn", &Later::search_on)
      .function("hits", &Later::hits)
      .function("hitNear", &Later::hit_near)
      .function("follow", &Later::follow)
      .function("followOn", &Later::follow_on)
      .function("life", &Later::life)
      .function("filter", &Later::filter)
      .function("toggleFilter", &Later::toggle_filter)
      .function("showAll", &Later::show_all)
      .function("selectOwner", &Later::select_owner)
      .function("lessonMachine", &Later::lesson_machine)
      .function("lessonBegin", &Later::lesson_begin)
      .function("lessonEnd", &Later::lesson_end)
      .function("lessonEnter", &Later::lesson_enter)
      .function("lessonStep", &Later::lesson_step)
      .function("lessonAnswer", &Later::lesson_answer)
      .function("lessonSkip", &Later::lesson_skip)
      .function("lessonHint", &Later::lesson_hint)
      .function("lessonCall", &Later::lesson_call)
      .function("lessonUndo", &Later::lesson_undo)
      .function("lessonExercise", &Later::lesson_exercise)
      .function("lessonFinish", &Later::lesson_finish)
      .function("lessonResults", &Later::lesson_results)
      .function("lessonInputs", &Later::lesson_inputs)
      .function("lessonReplay", &Later::lesson_replay)
      .function("lessonReceipt", &Later::lesson_receipt)
      .function("lessonGrade", &Later::lesson_grade)
      .function("lessonCheck", &Later::lesson_check)
      .function("lessonLook", &Later::lesson_look)
      .function("lessonShow", &Later::lesson_show)
      .function("loadScript", &Later::load_script)
      .function("scriptText", &Later::script_text)
      .function("completion", &Later::completion)
      .function("makeCall", &Later::make_call)
      .function("branches", &Later::branches)
      .function("switchBranch", &Later::switch_branch)
      .function("allocator", &Later::allocator)
      .function("usage", &Later::usage)
      .function("holding", &Later::holding)
      .function("gfp", &Later::gfp)
      .function("gfpWords", &Later::gfp_words)
      .function("walk", &Later::walk)
      .function("told", &Later::told)
      .function("caches", &Later::caches)
      .function("cache", &Later::cache)
      .function("object", &Later::object)
      .function("pageChoices", &Later::page_choices)
      .function("pageLayout", &Later::page_layout)
      .function("pageFlags", &Later::page_flags)
      .function("pageModels", &Later::page_models)
      .function("oldMemory", &Later::old_memory)
      .function("seek", &Later::seek)
      .function("seekSome", &Later::seek_some)
      .function("stride", &Later::stride)
      .function("view", &Later::view)
      .function("setFocus", &Later::set_focus)
      .function("pin", &Later::pin)
      .function("setAxis", &Later::set_axis)
      .function("clearBookmarks", &Later::clear_bookmarks)
      .function("addBookmark", &Later::add_bookmark);
  bind_compare();
}

} // namespace mmscope
