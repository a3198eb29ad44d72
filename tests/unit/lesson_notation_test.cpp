// What a person types, as the numbers and things that it may mean.
#include "lesson/notation.hpp"

#include <algorithm>
#include <doctest/doctest.h>

using namespace mmscope;

namespace {

// The first number that it is read as, or all ones.
u64 read(std::string_view typed, QueryUnit unit, AnswerKind kind = AnswerKind::number) {
  const auto all = read_answer(typed, {kind, unit, 4096, 0x40000, {}});
  return all.empty() ? ~u64{0} : all[0].number;
}
bool may_mean(std::string_view typed, QueryUnit unit, u64 n) {
  const auto all = read_answer(typed, {AnswerKind::pfn, unit, 4096, 0x40000, {}});
  return std::any_of(all.begin(), all.end(), [&](const QueryValue &v) { return v.number == n; });
}

} // namespace

TEST_CASE("lesson: a number counts in any sensible notation") {
  using U = QueryUnit;
  for (const std::string_view same : {"256", "0x100", " 256 pages", "1M", "1 MiB", "1mb", "1048576 bytes",
                                      "1,048,576 B", "1 048 576 bytes", "1024K", "order 8", "8 order", "~256", "= 256.",
                                      "about 256 pages", "1\u00a0MiB", "1.0 MiB", "0.25K pages", "256 frames"})
    CHECK_MESSAGE(read(same, U::pages) == 256, same);
  CHECK(read("262 144", U::pages) == 262144);
  CHECK(read("262.144", U::pages) == 262144);
  CHECK(read("262'144", U::count) == 262144);
  CHECK(read("1.5 MiB", U::bytes) == 0x180000);
  CHECK(read("1,5 MiB", U::bytes) == 0x180000);
  CHECK(read("3 pages", U::bytes) == 12288);
  CHECK(read("256 pages", U::order) == 8);
  CHECK(read("4M", U::order) == 10);
  CHECK(read("46 blocks", U::count) == 46);
  for (const std::string_view none : {"", "many", "-1", "1 2", "0x", "12 parsecs", "1e3", "5 bytes", "order 99",
                                      "99999999999999999999", "16 16 pages"})
    CHECK_MESSAGE(read(none, U::pages) == ~u64{0}, none);
  CHECK(read(std::string(1000, '1'), U::pages) == ~u64{0});
}

TEST_CASE("lesson: a place counts as page frame and as address") {
  using U = QueryUnit;
  for (const std::string_view same : {"0x4800", "4800", "4800h", "18432", "18 432", "page[0x4800]", "pfn 0x4800", "72M",
                                      "0x4800000", "0x4800-0x4bff", "block[0x4800]", "address 0x4800000"})
    CHECK_MESSAGE(may_mean(same, U::pfn, 0x4800), same);
  CHECK(may_mean("3fa2c", U::pfn, 0x3fa2c));
  CHECK(may_mean("pfn 0x4800", U::address, 0x4800000));
  CHECK(may_mean("4800000", U::address, 0x4800000));
  CHECK(!may_mean("72M", U::pfn, 72));
  CHECK(!may_mean("0x4801", U::pfn, 0x4800));
}

TEST_CASE("lesson: a page frame as we write it is read as the same, also one beyond the machine's memory") {
  const AnswerForm form{AnswerKind::pfn, QueryUnit::pfn, 4096, 0x40000, {}, {}, {}, {}};
  for (const u64 pfn : {u64{0}, u64{0x4800}, u64{0x3ffff}, u64{0x40000}, u64{0x41000}, u64{0x41001}}) {
    const QueryValue value{.kind = QueryValue::Kind::number, .number = pfn, .unit = QueryUnit::pfn, .text = {}};
    const auto again = read_answer(answer_text(value, form), form);
    CHECK_MESSAGE(std::find(again.begin(), again.end(), value) != again.end(), pfn);
  }
}

TEST_CASE("lesson: yes and no, and choices by id or number or letter") {
  const auto truth = [](std::string_view s) { return read_answer(s, {AnswerKind::truth, {}, 4096, 0, {}}); };
  CHECK(truth("Yes!")[0].number == 1);
  CHECK(truth(" no")[0].number == 0);
  CHECK(truth("maybe").empty());
  const AnswerForm form{AnswerKind::choice, {}, 4096, 0, {"gone", "kept"}};
  for (const std::string_view s : {"kept", "KEPT", "2", "b"}) CHECK(read_answer(s, form)[0].text == "kept");
  CHECK(read_answer("3", form).empty());
  CHECK(read_answer("c", form).empty());
}
