// Somebody beside us with many rules, who changes a set of his a thousand times a second: Docker and fail2ban on a bad
// day. In the network namespace of the thread that makes it.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "netlink/nft/connection.hpp"

namespace nft_test {

class Churn {
public:
    explicit Churn(unsigned rules) { begin(rules); }
    Churn(const Churn&) = delete;
    Churn& operator=(const Churn&) = delete;
    ~Churn() {
        ending_ = true;
        if (thread_.joinable()) thread_.join();
    }
    [[nodiscard]] unsigned changes() const { return changes_; }

private:
    void begin(unsigned rules) {
        auto connection = netlink::nft::Connection::open();
        ASSERT_TRUE(connection) << connection.error().describe();
        netlink::nft::Batch batch;
        batch.add_table(table_);
        batch.add_set(table_, netlink::nft::OpenSet{"busy"});
        const netlink::nft::Chain chain{"forward", netlink::nft::ChainType::filter, netlink::nft::Hook::forward, 10, {},
                                        {}};
        batch.add_chain(table_, chain);
        for (unsigned number = 0; number < rules; ++number)
            batch.add_rule(table_, "forward",
                           {netlink::nft::InDevice{"veth" + std::to_string(number)}, netlink::nft::OutDevice{"br0"},
                            netlink::nft::Count{}, netlink::nft::Accept{}});
        const auto done = connection->commit(batch);
        ASSERT_TRUE(done) << done.error().describe();
        thread_ = std::thread([this, connection = std::move(*connection)]() mutable { run(connection); });
    }
    void run(netlink::nft::Connection& connection) {
        while (!ending_) {
            netlink::nft::Batch batch;
            if (changes_ % 1000 == 0) batch.flush_set(table_, "busy");
            batch.add_timed(table_, "busy", netlink::nft::device_key(std::to_string(changes_ % 1000)),
                            std::chrono::minutes(1));
            if (connection.commit(batch)) ++changes_;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }

    const netlink::nft::TableId table_{netlink::nft::TableFamily::inet, "churn"};
    std::atomic<bool> ending_ = false;
    std::atomic<unsigned> changes_ = 0;
    std::thread thread_;
};

}  // namespace nft_test
