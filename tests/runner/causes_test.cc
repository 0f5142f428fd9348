// But-for causes: what counts as one, and what doesn't.
#include "runner/causes.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace brokersim::runner {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Three faults: two crashes and a pause.
scenarios::Setup Cluster() {
  scenarios::Setup setup;
  for (const char* id : {"f1", "f2", "f3"}) {
    scenarios::Fault* fault = setup.add_fault();
    fault->set_id(id);
    (id == std::string("f3") ? fault->mutable_pause() : fault->mutable_crash())->add_node("b1");
  }
  setup.mutable_kafka()->add_topic()->set_name("orders");
  setup.mutable_kafka()->add_config("min.insync.replicas=1");
  setup.mutable_kafka()->add_config("broker.session.timeout.ms=3000");
  return setup;
}

bool Has(const scenarios::Setup& setup, const std::string& fault) {
  return std::any_of(setup.fault().begin(), setup.fault().end(), [&](const auto& one) { return one.id() == fault; });
}

bool Says(const scenarios::Setup& setup, const std::string& line) {
  const auto& lines = setup.kafka().config();
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

CauseSearch Find(const Tried& tried, CauseOptions options = {}) {
  options.last = sim::Time() + sim::Seconds(8);
  return FindCauses(Cluster(), {}, tried, options);
}

std::vector<std::string> Names(const std::vector<Cause>& causes) {
  std::vector<std::string> names;
  for (const Cause& cause : causes) names.push_back(cause.what.name);
  return names;
}

TEST(Causes, RulesThenFaultsThenOtherSettings) {
  const CauseSearch search = Find([](const scenarios::Setup& setup, const Course&) {
    return Has(setup, "f2") && !Says(setup, "min.insync.replicas=2") && Says(setup, "broker.session.timeout.ms=3000");
  });
  EXPECT_THAT(Names(search.causes), ElementsAre("min.insync.replicas=1 (brokers, the default)", "f2",
                                                "broker.session.timeout.ms=3000 (brokers)"));
  EXPECT_EQ(search.shown, 12);
  EXPECT_EQ(search.courses, 12);
  EXPECT_EQ(search.at, sim::Time());
  EXPECT_EQ(search.causes[1].shown, 0);
  EXPECT_THAT(search.causes[1].what.faults, ElementsAre("f2"));
  EXPECT_TRUE(search.complete);
  EXPECT_FALSE(search.without_faults);
}

// Without f1 this run is spared, and other courses are as often hit as with it.
TEST(Causes, AChangeOfTimesIsNone) {
  const CauseSearch search = Find([](const scenarios::Setup& setup, const Course& course) {
    if (!Has(setup, "f2")) return false;
    if (!course.draws.has_value()) return Has(setup, "f1");
    return *course.draws % 4 != (Has(setup, "f1") ? 1 : 3);
  });
  EXPECT_THAT(Names(search.causes), ElementsAre("f2"));
  EXPECT_THAT(Names(search.unconfirmed), ElementsAre("f1"));
}

// What makes it rarer is one, after what makes it go away for good.
TEST(Causes, WhatMakesItRarer) {
  const CauseSearch search = Find([](const scenarios::Setup& setup, const Course& course) {
    if (!Has(setup, "f3")) return false;
    return Has(setup, "f1") || (course.draws.has_value() && *course.draws % 4 == 0);
  });
  EXPECT_THAT(Names(search.causes), ElementsAre("f3", "f1"));
  EXPECT_EQ(search.causes[1].shown, 3);
}

TEST(Causes, FaultsOfWhichEachWouldDo) {
  const CauseSearch search =
      Find([](const scenarios::Setup& setup, const Course&) { return Has(setup, "f1") || Has(setup, "f2"); });
  EXPECT_THAT(Names(search.causes), ElementsAre("all 2 faults of kind crash"));
  EXPECT_THAT(search.causes[0].what.faults, ElementsAre("f1", "f2"));
  const CauseSearch any = Find([](const scenarios::Setup& setup, const Course&) { return setup.fault_size() > 0; });
  EXPECT_THAT(Names(any.causes), ElementsAre("all 3 faults together"));
}

TEST(Causes, NoneAtAll) {
  const CauseSearch search = Find([](const scenarios::Setup&, const Course&) { return true; });
  EXPECT_THAT(search.causes, IsEmpty());
  EXPECT_TRUE(search.without_faults);
}

// What doesn't build proves nothing.
TEST(Causes, WhatMakesNoSenseIsNone) {
  const CauseSearch search = Find([](const scenarios::Setup& setup, const Course&) {
    return Has(setup, "f1") ? std::optional<bool>(Has(setup, "f2")) : std::nullopt;
  });
  EXPECT_THAT(Names(search.causes), ElementsAre("f2"));
}

// With other draws from the beginning it hardly ever happens: then from later on.
TEST(Causes, CoursesBeginWhereTheyStillShowIt) {
  const CauseSearch search = Find([](const scenarios::Setup& setup, const Course& course) {
    if (!Has(setup, "f2")) return false;
    return !course.draws.has_value() || course.at >= sim::Time() + sim::Seconds(5) || *course.draws % 12 == 0;
  });
  EXPECT_EQ(search.at, sim::Time() + sim::Seconds(5));
  EXPECT_EQ(search.shown, 12);
  EXPECT_THAT(Names(search.causes), ElementsAre("f2"));
}

TEST(Causes, IdleFaultsAreNotTried) {
  for (const Candidate& candidate : CandidatesOf(Cluster(), {"f1", "f3"})) {
    EXPECT_TRUE(candidate.kind != Candidate::Kind::kFault || candidate.name == "f2") << candidate.name;
  }
}

TEST(Causes, StoppedItSaysOnlyWhatIsConfirmed) {
  const Tried tried = [](const scenarios::Setup& setup, const Course&) { return Has(setup, "f1") && Has(setup, "f2"); };
  const uint64_t all = Find(tried).runs;
  CauseOptions options;
  options.go_on = [&](uint64_t runs, std::string_view what) {
    EXPECT_FALSE(what.empty());
    return runs + 6 < all;
  };
  const CauseSearch search = Find(tried, options);
  EXPECT_FALSE(search.complete);
  EXPECT_THAT(Names(search.causes), ElementsAre("f1"));
  EXPECT_EQ(search.runs + 6, all);
}

}  // namespace
}  // namespace brokersim::runner
