// Rows of data: found by the names people write, and by no others.
#include "desc/arch.hpp"
#include "desc/config.hpp"
#include "desc/era.hpp"

#include <doctest/doctest.h>

using namespace mmscope;

TEST_CASE("desc: x86_64 as the kernel prints it") {
  const Arch *a = find_arch("x86_64");
  REQUIRE(a != nullptr);
  CHECK(a->page_size() == 4096);
  CHECK(a->section_bytes() == u64{128} << 20);
  CHECK(a->pages_per_section() == 32768);
  CHECK(a->zones.size() == 5);
  CHECK(a->zones[1].name == "DMA32");
  CHECK(a->zones[1].limit == u64{4} << 30);
  CHECK(find_arch("pdp11") == nullptr);
  CHECK(find_arch("") == nullptr);
}

TEST_CASE("desc: i386 with and without PAE reach and divide memory differently") {
  const Arch *plain = find_arch("i386"), *pae = find_arch("i386-pae");
  REQUIRE(plain != nullptr);
  REQUIRE(pae != nullptr);
  CHECK(plain->physical_bytes() == u64{4} << 30);
  CHECK(pae->physical_bytes() == u64{64} << 30);
  CHECK(plain->section_bytes() == u64{64} << 20);
  CHECK(pae->section_bytes() == u64{512} << 20);
  CHECK(pae->zones[2].name == "HighMem");
  CHECK(pae->zones[2].high);
  CHECK(find_config("6.1.0-50-686")->arch == "i386");
  CHECK(find_config("6.1.0-50-686-pae")->arch == "i386-pae");
}

TEST_CASE("desc: eras by name and by version") {
  REQUIRE(find_era("6.1") != nullptr);
  CHECK(era_of_version(6, 1) == find_era("6.1"));
  CHECK(era_of_version(5, 10) == find_era("5.10"));
  CHECK(era_of_version(5, 12) == find_era("5.10")); // nothing that a field tells changed
  CHECK(era_of_version(5, 13) == nullptr);          // … here it did
  CHECK(era_of_version(6, 4) == find_era("6.1"));
  CHECK(era_of_version(6, 6) == nullptr);
  CHECK(era_of_version(2, 6) == nullptr); // which of them?
  CHECK(era_of_version(2, 6, 24) == find_era("2.6.24"));
  CHECK(era_of_release("2.6.11-1-386") == find_era("2.6.11"));
  CHECK(era_of_release("2.6.12") == nullptr);
  CHECK(era_of_release("6.1.0-50-amd64") == find_era("6.1"));
  CHECK(era_of_release("6") == nullptr);
  CHECK(find_config("2.4.22-1-386")->sizeof_page == 48);
  CHECK(find_config("2.4.23-1-386") == nullptr);
  CHECK(era_of_version(7, 3) == nullptr); // what the next row would say is not known
  CHECK(&pivot_era() == find_era("6.1"));
  CHECK(find_era("6") == nullptr);
}

TEST_CASE("desc: every row names its source") {
  for (const Arch *a : all_arches()) CHECK(!a->source.empty());
  for (const Era &e : all_eras()) CHECK(!e.source.empty());
  for (const KernelConfig *c : all_configs()) CHECK(!c->source.empty());
}

TEST_CASE("desc: an era differs from its neighbour in what its list says, and in nothing else") {
  const auto eras = all_eras();
  for (std::size_t i = 0; i + 1 < eras.size(); ++i) {
    const std::vector<EraStep> steps = era_steps(eras[i], eras[i + 1]);
    REQUIRE(steps.size() == 1);
    CHECK(steps[0].older == &eras[i]);
    CHECK(steps[0].younger == &eras[i + 1]);
    for (std::size_t f = 0; f < era_fields().size(); ++f) {
      const auto field = static_cast<EraField>(f);
      bool listed = false;
      for (const EraChange &c : steps[0].changes) {
        listed = listed || c.field == field;
        CHECK(!c.what.empty());
        CHECK(!c.source.empty());
      }
      CAPTURE(eras[i].name);
      CAPTURE(era_fields()[f].name);
      CHECK(listed == (era_value_text(eras[i], field) != era_value_text(eras[i + 1], field)));
    }
  }
  CHECK(era_steps(eras.front(), eras.back()).size() == eras.size() - 1);
  CHECK(era_steps(pivot_era(), pivot_era()).empty());
}

TEST_CASE("desc: a build is found by its release") {
  const KernelConfig *c = find_config("6.1.0-50-amd64");
  REQUIRE(c != nullptr);
  CHECK(c->sizeof_mem_section == 32);
  CHECK(find_config("6.1.0-9-amd64") == c);
  const KernelConfig *cloud = find_config("6.1.0-50-cloud-amd64");
  REQUIRE(cloud != nullptr);
  CHECK(cloud != c);
  CHECK(cloud->sizeof_mem_section == 16);
  for (const std::string_view release : {"5.10.0-32-amd64", "6.12.107+deb13-amd64", "6.12.9+deb13-amd64",
                                         "7.2.13+deb14-amd64", "7.2.13+deb14-cloud-amd64"}) {
    CAPTURE(release);
    CHECK(find_config(release) != nullptr);
  }
}

TEST_CASE("desc: no other build is taken for one of Debian's") {
  for (const std::string_view release : {"",
                                         "6",
                                         "6.1",
                                         "6.1.0",
                                         "6.1.0-50",
                                         "6.1.0-amd64",
                                         "6.1.0-50-rt-amd64",
                                         "6.1.0-50-rt-686-pae",
                                         "6.12.0-1-amd64",
                                         "6.12.107+deb-amd64",
                                         "6.12.107+deb14-amd64",
                                         "6.1.50+deb12-amd64",
                                         "6.1.5",
                                         "6.1.0-50-amd64-custom",
                                         "6.1.0-1012-oem",
                                         "6.1.15-50-amd64",
                                         "6.1.0-50.fc37.x86_64",
                                         "x6.1.0-50-amd64",
                                         "6.1.0-999999999999-amd64",
                                         "5.10.0-32-rt-amd64",
                                         "6.1.0--amd64"}) {
    CAPTURE(release);
    CHECK(find_config(release) == nullptr);
  }
}
