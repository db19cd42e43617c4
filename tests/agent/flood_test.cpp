// A member that has the key, and sends without end whatever costs most: through the link, the lease service and its
// disk. 64 MB each time, which is more than is kept (16 under the sanitizers); a gigabyte with VRRPD_FLOOD_MB=1024.
// Memory stays bounded, and what this host knew before is still there.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdlib>

#include "dhcpsync/core/image.hpp"
#include "dhcpsync/core/wire.hpp"
#include "dhcpsync/lease_file.hpp"
#include "dhcpsync/lease_service.hpp"
#include "tests/agent/members.hpp"
#include "tests/base/effort.hpp"
#include "tests/dhcpsync/sample.hpp"
#include "tests/dhcpsync/turns.hpp"
#include "vrrpd/agent/lease_desk.hpp"
#include "vrrpd/agent/peers.hpp"

namespace vrrpd::agent::flood_test {
namespace {

using namespace std::chrono_literals;
using namespace test;
namespace sync = dhcpsync;

constexpr std::size_t megabyte = 1 << 20, fills_it = 64 * megabyte;

std::size_t flood_size() {
    const auto* const asked = std::getenv("VRRPD_FLOOD_MB");
    return (asked ? std::strtoul(asked, nullptr, 10) : vrrpd::test::share_of(fills_it / megabyte)) * megabyte;
}

std::size_t memory_in_use() {
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

// The replica's messages of somebody who wants to fill it: for ever new addresses, whose leases never end.
class HostileReplica {
public:
    // A snapshot that ends, or goes on without end.
    Bytes update(bool claims) {
        sync::Update update{{++number_}, claims, {sync::Term{number_}, true}, {}, {}, {}};
        for (std::size_t i = 0; i < sync::most_cells_in_update; ++i) update.cells.push_back(next_cell());
        if (!claims) return sync::encode(update);
        update.claim.emplace();
        update.claim->learn(author_, sync::Sequence{written_});
        return sync::encode(update);
    }
    Bytes ack() { return sync::encode(sync::Ack{{number_}, {sync::Term{~0ULL >> 1}, true}}); }

private:
    sync::Cell next_cell() {
        auto lease = sync::sample::lease6(1, 1);
        Bytes address(16, 0);
        address[0] = 0xfd;
        ++written_;
        for (std::size_t i = 0; i < 8; ++i) address[15 - i] = static_cast<std::uint8_t>(written_ >> (8 * i));
        lease.address = *IpAddress::from_bytes(address);
        lease.expires = sync::never;
        return {lease.address, {{{author_, sync::Sequence{written_}}, lease, sync::never}}};
    }

    sync::Author author_{sync::Term{7}, node_id("H002")};
    std::uint32_t number_ = 0;
    std::uint64_t written_ = 0;
};

// H001 with its lease service, and H002, which is hostile.
class Flood : public testing::Test {
protected:
    Flood() {
        setup_peers();
        sync::ServiceSetup setup;
        setup.gateway = "HOME";
        setup.self = node_id("H001");
        setup.peers = {{node_id("H002"), "H002"}};
        setup.scan = false;
        setup.state_directory = state_.get();
        sync::ServiceOutcomes outcomes;
        outcomes.send = [this](sync::NodeId, BytesView message) { return peers_->send_replica(1, "HOME", message); };
        outcomes.probe = [] {};
        outcomes.health = [](const sync::HealthChange&) {};
        outcomes.split_brain = [](sync::NodeId) {};
        sync::Surroundings around;
        around.wall = sync::wall_now;
        around.server_listens = [] { return std::optional<bool>(true); };
        around.find_server = [this] { return sync::ServerFacts{folder_ / "dnsmasq.leases", 1000, {}, {}}; };
        service_ = std::make_unique<sync::LeaseService>(stage_.loop, log_, setup, outcomes, around);
        service_->role_changed({true, true});
    }
    void setup_peers() {
        PeerOutcomes outcomes;
        outcomes.up = [this](PeerId) { service_->peer_up(node_id("H002")); };
        outcomes.down = [this](PeerId) { service_->peer_down(node_id("H002")); };
        outcomes.replica = [this](PeerId, std::string_view, BytesView message) {
            const auto began = boot_now();
            service_->received(node_id("H002"), message);
            slowest_ = std::max(slowest_, boot_now() - began);
            ++messages_;
        };
        configuration_.self = 0;
        peers_.emplace(
            stage_.loop, log_, PeerLink::Setup{configuration_, key(), "0.1.0", [] { return 4U; }},
            [] {
                return Summary{"0.1.0", {}};
            },
            std::move(outcomes));
    }
    [[nodiscard]] bool run_until(const std::function<bool()>& done, Duration limit = 10s) {
        const auto end = boot_now() + limit;
        stage_.loop.before_wait([this] {
            auto due = earlier(Deadline(boot_now() + 2ms), peers_->next_deadline());
            stage_.loop.set_deadline(earlier(due, service_->next_deadline()));
        });
        stage_.loop.on_deadline([&] {
            peers_->time_reached();
            service_->step();
            if (done() || boot_now() >= end) stage_.loop.stop();
        });
        stage_.loop.run();
        return done();
    }

    // About a megabyte of everything.
    Bytes next_frames() {
        Bytes stream;
        while (stream.size() < megabyte) {
            for (int i = 0; i < 8; ++i) say(stream, replica_.update(true));
            say(stream, replica_.update(false));
            say(stream, replica_.ack());
            say(stream, Bytes(10'000, static_cast<std::uint8_t>(stream.size())));  // no message at all
            append_frame(stream, {replica_type, piece(1, Bytes(60'000, 1))});      // the begin of one without end
            append_frame(stream, {summary_type, Bytes(20'000, 'x')});
            append_frame(stream, {99, Bytes(10'000, 0)});
        }
        return stream;
    }
    static void say(Bytes& stream, BytesView message) { append_frame(stream, {replica_type, piece(3, message)}); }
    static Bytes piece(std::uint8_t marks, BytesView message) {
        Bytes payload{marks, 4, 'H', 'O', 'M', 'E'};
        payload.insert(payload.end(), message.begin(), message.end());
        return payload;
    }

    Stage stage_;
    config::PeerLink configuration_ = configuration(2);
    RecordingLog log_;
    sync::test::Folder folder_;
    Fd state_{::open(folder_.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    std::unique_ptr<sync::LeaseService> service_;
    std::optional<Peers> peers_;
    HostileReplica replica_;
    std::size_t messages_ = 0;
    Duration slowest_{0};
};

TEST_F(Flood, costs_bounded_memory_and_changes_nothing_that_was_there) {
    const auto own = sync::sample::lease(100, 1);
    sync::test::put(folder_ / "dnsmasq.leases", "0 02:00:00:00:00:01 10.12.14.100 own 01:02:00:00:00:00:01\n");
    ASSERT_TRUE(run_until([&] { return service_->status().leases == 1; }));

    HandMade hostile(stage_, configuration_, 1, 0);
    hostile.say_hello();
    ASSERT_TRUE(run_until([&] { return service_->status().lags.size() == 1; }));
    const auto before = memory_in_use();
    std::size_t most = 0;
    for (std::size_t sent = 0; sent < flood_size();) {
        const auto frames = next_frames();
        sent += frames.size();
        hostile.say_octets(frames);
        ASSERT_TRUE(run_until([&] { return hostile.caller.sent.size() >= frames.size(); }));
        Bytes().swap(hostile.caller.sent);
        most = std::max(most, memory_in_use());
    }
    std::printf("%zu MB in %zu messages: %zu leases held, at most %zu MB in use, slowest message %.1f ms\n",
                flood_size() / megabyte, messages_, service_->status().leases, (most - before) / megabyte,
                std::chrono::duration<double, std::milli>(slowest_).count());
    EXPECT_LE(service_->status().leases, sync::most_versions_held);
    EXPECT_EQ(log_.count("has more leases than fit in here"), flood_size() >= fills_it ? 1 : 0);
    EXPECT_LT(most - before, 700 * megabyte);
    EXPECT_EQ(service_->status().lags.size(), 1U) << "it is still connected";
    service_.reset();
    const auto kept = sync::test::content(folder_ / "leases");
    const auto image = sync::decode_image({reinterpret_cast<const std::uint8_t*>(kept.data()), kept.size()});
    ASSERT_TRUE(image);
    EXPECT_EQ(sync::holder(image->table.at(own.address), sync::sample::noon)->client, own.client);
}

}  // namespace
}  // namespace vrrpd::agent::flood_test
