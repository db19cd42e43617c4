// Three routers in simulated time, whose DHCP servers are not only alive or dead but may also live and answer nobody:
// where the role goes by what the stand-ins find (OfferWatch, Witnesses) and what each weighs of it (DhcpWeight).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "dhcpsync/core/offer_watch.hpp"
#include "dhcpsync/core/server_watch.hpp"
#include "dhcpsync/core/witnesses.hpp"
#include "tests/base/effort.hpp"
#include "vrrpd/agent/dhcp_weight.hpp"

namespace vrrpd::agent::lan_dhcp_test {
namespace {

using namespace std::chrono_literals;
using dhcpsync::NodeId;
using dhcpsync::Offers;
using dhcpsync::OfferWatch;
using dhcpsync::ServerSign;

constexpr std::array names{"H003", "H001", "H002"};
constexpr std::array priorities{200, 150, 100};
constexpr Duration tick = 1s, summaries = 5s, down_delay = 5s;

class Home {
public:
    struct Router {
        bool lives = true;   // its server
        bool shut = false;   // ... and answers nobody
        bool hears = true;   // the offers of others
        bool linked = true;  // to the other members
        OfferWatch watch{};
        dhcpsync::Witnesses witnesses{};
        dhcpsync::ServerWatch server{};
        DhcpWeight weight{};
        bool weighs = false;
    };

    Home() { take_over(0); }

    Router& operator[](std::size_t i) { return routers_[i]; }
    [[nodiscard]] std::size_t active() const { return active_; }
    [[nodiscard]] unsigned moves() const { return moves_; }

    void pass(Duration time) {
        for (const auto end = now_ + time; now_ < end; now_ += tick) step();
    }
    bool moves_to(std::size_t who, Duration limit) {
        for (const auto end = now_ + limit; now_ < end && active_ != who; now_ += tick) step();
        return active_ == who;
    }
    void start_server_anew(std::size_t i) {
        routers_[i].lives = true;
        routers_[i].server.answers_lan(true);
    }

private:
    void step() {
        for (std::size_t i = 0; i < routers_.size(); ++i) look(i);
        if (now_ >= summaries_at_) exchange_summaries();
        for (auto& router : routers_) router.weighs = router.weight.weighs(now_).value_or(router.weighs);
        elect();
    }

    void look(std::size_t i) {
        auto& router = routers_[i];
        router.server.saw(ServerSign::listening, router.lives);
        router.weight.ours(router.server.health().alive, now_);
        if (i == active_ || router.watch.step(now_) != OfferWatch::Action::ask) return;
        const auto& gateway = routers_[active_];
        if (router.hears && gateway.lives && !gateway.shut) (void)router.watch.offered();
    }

    void exchange_summaries() {
        summaries_at_ = now_ + summaries;
        for (std::size_t from = 0; from < routers_.size(); ++from)
            for (std::size_t to = 0; to < routers_.size(); ++to)
                if (from != to && routers_[from].linked && routers_[to].linked) tell(from, to);
    }
    void tell(std::size_t from, std::size_t to) {
        auto& hearer = routers_[to];
        const auto& teller = routers_[from];
        const bool alive = teller.server.health().alive;
        hearer.weight.theirs(names[from], alive);
        const bool news = hearer.witnesses.says(NodeId{static_cast<std::uint32_t>(from)},
                                                {teller.watch.offers(), term_, from != active_ && alive}, now_);
        if (to != active_) {
            if (news) hearer.watch.doubt(now_);
            return;
        }
        const auto verdict = hearer.witnesses.verdict(term_);
        if (verdict != Offers::unknown) hearer.server.answers_lan(verdict == Offers::given);
    }

    [[nodiscard]] int priority(std::size_t i) const {
        return std::max(1, priorities[i] - (routers_[i].weighs ? 120 : 0));
    }
    // A better one waits before it preempts, as after any change of a weight.
    void elect() {
        std::size_t best = active_;
        for (std::size_t i = 0; i < routers_.size(); ++i)
            if (priority(i) > priority(best)) best = i;
        if (best == active_) return better_since_.reset();
        if (!better_since_) better_since_ = now_;
        if (now_ - *better_since_ >= down_delay) take_over(best);
    }
    void take_over(std::size_t who) {
        moves_ += who != active_;
        active_ = who;
        better_since_.reset();
        term_ = term_.next();
        for (std::size_t i = 0; i < routers_.size(); ++i) {
            auto& watch = routers_[i].watch;
            if (i == active_) {
                watch.stop();
                continue;
            }
            watch.start(now_, OfferWatch::long_interval);
            watch.moved(now_);
        }
    }

    std::array<Router, names.size()> routers_;
    Instant now_{1h}, summaries_at_{1h};
    std::size_t active_ = 0;
    dhcpsync::Term term_{1};
    unsigned moves_ = 0;
    Deadline better_since_;
};

// A question is due within ten minutes, and three of them tell.
constexpr Duration found_out = OfferWatch::long_interval + 2min;

TEST(LanDhcp, gateway_that_answers_nobody_gives_way_once_and_for_good) {
    Home home;
    home.pass(5min);
    ASSERT_EQ(home.moves(), 0U);
    home[0].shut = true;
    EXPECT_TRUE(home.moves_to(1, found_out));
    home.pass(48h);
    EXPECT_EQ(home.moves(), 1U);
    home[0].shut = false;
    home.start_server_anew(0);
    EXPECT_TRUE(home.moves_to(0, 1min));
    home.pass(48h);
    EXPECT_EQ(home.moves(), 2U);
}

TEST(LanDhcp, stand_in_with_a_broken_port_moves_nothing) {
    for (const std::size_t deaf : {1U, 2U}) {
        Home home;
        home.pass(5min);
        home[deaf].hears = false;
        home.pass(48h);
        EXPECT_EQ(home.moves(), 0U) << names[deaf];
    }
}

TEST(LanDhcp, what_shuts_all_servers_at_once_moves_the_role_once) {
    Home home;
    home.pass(5min);
    for (std::size_t i = 0; i < names.size(); ++i) home[i].shut = true;
    home.pass(48h);
    EXPECT_LE(home.moves(), 1U) << "of the next one nobody ever had an answer";
}

TEST(LanDhcp, it_stays_where_every_other_server_is_dead) {
    Home home;
    home.pass(5min);
    home[0].shut = true;
    home[1].lives = home[2].lives = false;
    home.pass(48h);
    EXPECT_EQ(home.moves(), 0U);
}

TEST(LanDhcp, last_that_lives_gets_the_role_and_keeps_it) {
    Home home;
    home.pass(5min);
    home[0].shut = true;
    ASSERT_TRUE(home.moves_to(1, found_out));
    home[1].lives = false;
    EXPECT_TRUE(home.moves_to(2, 1min));
    home.pass(48h);
    EXPECT_EQ(home.moves(), 2U);
}

// Whatever came before: once nothing breaks any more and nobody starts a server, the role comes to rest.
TEST(LanDhcp, comes_to_rest_after_any_faults) {
    for (unsigned seed = 1; seed <= vrrpd::test::share_of(50); ++seed) {
        std::mt19937 chance(seed);
        const auto below = [&](unsigned limit) {
            return std::uniform_int_distribution<unsigned>(0, limit - 1)(chance);
        };
        Home home;
        unsigned faults = 0;
        for (; faults < 30; ++faults) {
            auto& router = home[below(3)];
            switch (below(5)) {
                case 0:
                    router.lives = !router.lives;
                    break;
                case 1:
                    router.shut = !router.shut;
                    break;
                case 2:
                    router.hears = !router.hears;
                    break;
                case 3:
                    router.linked = !router.linked;
                    break;
                default:
                    home.start_server_anew(below(3));
            }
            home.pass(std::chrono::seconds(below(1500)));
        }
        EXPECT_LE(home.moves(), 2 * faults) << "seed " << seed;
        home.pass(1h);
        const auto rested = home.moves();
        home.pass(12h);
        EXPECT_EQ(home.moves(), rested) << "seed " << seed;
    }
}

}  // namespace
}  // namespace vrrpd::agent::lan_dhcp_test
