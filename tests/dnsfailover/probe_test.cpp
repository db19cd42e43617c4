// What is asked, and what an answer means, row by row.
#include <gtest/gtest.h>

#include <set>

#include "tests/dnsfailover/samples.hpp"

namespace dnsfailover::probe_test {
namespace {

using sample::name;

const IpAddress address = IpAddress::v4(192, 0, 2, 7), nowhere = IpAddress::v4(0, 0, 0, 0);

TEST(QueryFor, liveness_asks_what_forwarders_answer_by_themselves) {
    const Plan plan;
    EXPECT_EQ(query_for(plan, {Kind::liveness, Transport::udp, 0, 1}, {7, 8}).question,
              (Question{name("healthcheck.adguardhome.test"), RecordType::a, RecordClass::internet}));
    EXPECT_EQ(query_for(plan, {Kind::liveness, Transport::udp, 1, 1}, {7, 8}).question,
              (Question{name("version.bind"), RecordType::txt, RecordClass::chaos}));
}

TEST(QueryFor, resolution_asks_names_that_no_cache_can_know) {
    const Plan plan;
    std::set<std::string> names;
    for (std::size_t item = 0; item < plan.resolution.size(); ++item) {
        const auto query = query_for(plan, {Kind::resolution, Transport::udp, item, 1}, {7, 0xfedcba9876543210});
        EXPECT_EQ(query.id, 7);
        const auto text = query.question.name.to_string();
        EXPECT_TRUE(text.starts_with("fedcba9876543210.")) << text;
        names.insert(text);
    }
    EXPECT_GE(names.size(), 5U) << "several operators";
}

TEST(QueryFor, a_name_without_room_for_the_label_and_a_plain_one_are_asked_as_they_stand) {
    const std::string label(63, 'x');
    const auto longest = name(label + "." + label + "." + label + "." + std::string(61, 'y'));
    Plan plan;
    plan.resolution = {{longest}, {name("www.example.com"), false}};
    for (std::size_t item = 0; item < 2; ++item)
        EXPECT_EQ(query_for(plan, {Kind::resolution, Transport::udp, item, 1}, {7, 8}).question.name,
                  plan.resolution[item].name);
}

struct Row {
    const char* what;
    Kind kind;
    Answer answer;
    Verdict verdict;
};

Plan plan_with_canary(std::optional<IpAddress> blocked_as) {
    Plan plan;
    plan.canaries = {{name("ads.example.com"), blocked_as}};
    return plan;
}

void expect_rows(const Plan& plan, const std::vector<Row>& rows) {
    for (const auto& row : rows)
        EXPECT_EQ(judge(plan, {row.kind, Transport::udp, 0, 1}, row.answer), row.verdict) << row.what;
}

TEST(Judge, liveness_takes_any_answer) {
    expect_rows({}, {{"empty", Kind::liveness, {Rcode::noerror, false, true, 0, {}}, Verdict::good},
                     {"SERVFAIL", Kind::liveness, {Rcode::servfail, false, true, 0, {}}, Verdict::good},
                     {"REFUSED", Kind::liveness, {Rcode::refused, false, true, 0, {}}, Verdict::good},
                     {"truncated", Kind::liveness, {Rcode::noerror, true, true, 0, {}}, Verdict::good},
                     {"broken", Kind::liveness, {Rcode::noerror, false, false, 9, {}}, Verdict::good}});
}

TEST(Judge, resolution_takes_what_can_only_come_from_upstream) {
    expect_rows({}, {{"records", Kind::resolution, {Rcode::noerror, false, true, 1, {address}}, Verdict::good},
                     {"NXDOMAIN", Kind::resolution, {Rcode::nxdomain, false, true, 0, {}}, Verdict::good},
                     {"empty", Kind::resolution, {Rcode::noerror, false, true, 0, {}}, Verdict::bad},
                     {"SERVFAIL", Kind::resolution, {Rcode::servfail, false, true, 0, {}}, Verdict::bad},
                     {"REFUSED", Kind::resolution, {Rcode::refused, false, true, 0, {}}, Verdict::bad},
                     {"broken", Kind::resolution, {Rcode::noerror, false, false, 1, {}}, Verdict::bad},
                     {"truncated", Kind::resolution, {Rcode::noerror, true, true, 0, {}}, Verdict::ask_over_tcp}});
}

TEST(Judge, truncated_over_TCP_is_what_it_is) {
    const Answer empty{Rcode::noerror, true, true, 0, {}};
    EXPECT_EQ(judge({}, {Kind::resolution, Transport::tcp, 0, 1}, empty), Verdict::bad);
}

TEST(Judge, a_plain_name_has_to_exist) {
    Plan plan;
    plan.resolution = {{name("www.example.com"), false}};
    expect_rows(plan, {{"NXDOMAIN", Kind::resolution, {Rcode::nxdomain, false, true, 0, {}}, Verdict::bad},
                       {"records", Kind::resolution, {Rcode::noerror, false, true, 1, {address}}, Verdict::good}});
}

TEST(Judge, below_a_wildcard_every_name_is_there) {
    Plan plan;
    plan.resolution = {{name("probe.example.org"), true, true}};
    expect_rows(plan, {{"NXDOMAIN", Kind::resolution, {Rcode::nxdomain, false, true, 0, {}}, Verdict::bad},
                       {"records", Kind::resolution, {Rcode::noerror, false, true, 1, {address}}, Verdict::good}});
    EXPECT_EQ(query_for(plan, {Kind::resolution, Transport::udp, 0, 1}, {7, 0}).question.name,
              name("0000000000000000.probe.example.org"));
}

TEST(QueryFor, existence_asks_names_of_several_operators_as_they_stand) {
    const Plan plan;
    std::set<std::string> names;
    for (std::size_t item = 0; item < plan.existence.size(); ++item)
        names.insert(query_for(plan, {Kind::existence, Transport::udp, item, 1}, {7, 8}).question.name.to_string());
    EXPECT_TRUE(names.contains("google.com"));
    EXPECT_GE(names.size(), 5U);
}

TEST(Judge, only_a_denial_is_held_against_a_forwarder) {
    expect_rows({}, {{"records", Kind::existence, {Rcode::noerror, false, true, 1, {address}}, Verdict::good},
                     {"records of another type", Kind::existence, {Rcode::noerror, false, true, 1, {}}, Verdict::good},
                     {"NXDOMAIN", Kind::existence, {Rcode::nxdomain, false, true, 0, {}}, Verdict::bad},
                     {"empty", Kind::existence, {Rcode::noerror, false, true, 0, {}}, Verdict::bad},
                     {"0.0.0.0", Kind::existence, {Rcode::noerror, false, true, 1, {nowhere}}, Verdict::bad},
                     {"both", Kind::existence, {Rcode::noerror, false, true, 2, {nowhere, address}}, Verdict::good},
                     {"SERVFAIL", Kind::existence, {Rcode::servfail, false, true, 0, {}}, Verdict::none},
                     {"REFUSED", Kind::existence, {Rcode::refused, false, true, 0, {}}, Verdict::none},
                     {"broken", Kind::existence, {Rcode::nxdomain, false, false, 0, {}}, Verdict::none},
                     {"truncated", Kind::existence, {Rcode::noerror, true, true, 0, {}}, Verdict::ask_over_tcp}});
}

TEST(QueryFor, each_canary_is_asked_for_as_what_it_is) {
    Plan plan;
    plan.canaries = {{name("ads.example.com"), {}}, {name("ads.example.org"), {}, RecordType::aaaa}};
    EXPECT_EQ(query_for(plan, {Kind::canary, Transport::udp, 0, 1}, {7, 8}).question,
              (Question{name("ads.example.com"), RecordType::a}));
    EXPECT_EQ(query_for(plan, {Kind::canary, Transport::udp, 1, 1}, {7, 8}).question,
              (Question{name("ads.example.org"), RecordType::aaaa}));
}

TEST(Judge, a_filter_that_works_gives_the_canary_no_address) {
    expect_rows(plan_with_canary(std::nullopt),
                {{"0.0.0.0", Kind::canary, {Rcode::noerror, false, true, 1, {nowhere}}, Verdict::good},
                 {"NXDOMAIN", Kind::canary, {Rcode::nxdomain, false, true, 0, {}}, Verdict::good},
                 {"REFUSED", Kind::canary, {Rcode::refused, false, true, 0, {}}, Verdict::good},
                 {"no record", Kind::canary, {Rcode::noerror, false, true, 0, {}}, Verdict::good},
                 {"an address", Kind::canary, {Rcode::noerror, false, true, 1, {address}}, Verdict::bad},
                 {"both", Kind::canary, {Rcode::noerror, false, true, 2, {nowhere, address}}, Verdict::bad}});
}

TEST(Judge, a_filter_with_an_address_of_its_own_gives_just_that) {
    expect_rows(plan_with_canary(address),
                {{"its own", Kind::canary, {Rcode::noerror, false, true, 1, {address}}, Verdict::good},
                 {"0.0.0.0", Kind::canary, {Rcode::noerror, false, true, 1, {nowhere}}, Verdict::bad},
                 {"NXDOMAIN", Kind::canary, {Rcode::nxdomain, false, true, 0, {}}, Verdict::bad}});
}

}  // namespace
}  // namespace dnsfailover::probe_test
