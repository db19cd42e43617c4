// Who is told what of instances and groups, and in which order with the engine's answers.
#include "vrrpd/engine/core/herald.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/engine/values.hpp"

namespace vrrpd::engine::herald_test {
namespace {

using namespace test;
using Event = Herald::Event;
using Lines = std::vector<std::string>;

// An instance that a FIFO tells of.
class Heralds : public testing::Test {
protected:
    Heralds() {
        all_.fifos.resize(1);
        herald.follow(all_);
    }
    // What came since the last call: notices by line, answers as "answer KIND".
    Lines said(Herald& of) {
        of.flush();
        return std::exchange(came_, {});
    }
    Herald::Send send() {
        return [this](ipc::Kind kind, const std::string& text, std::uint8_t) {
            if (deaf) return false;
            if (kind != ipc::Kind::notify) {
                came_.push_back(kind == ipc::Kind::reloaded ? "reloaded" : "another answer");
                return true;
            }
            const auto notices = ipc::decode<ipc::Notices>(text);
            for (const auto& notice : notices.value().all)
                came_.push_back(fmt::format("{} {} {}", notice.name, static_cast<int>(notice.event), notice.priority));
            return true;
        };
    }
    static std::string line(const char* name, Event event, int priority) {
        return fmt::format("{} {} {}", name, static_cast<int>(event), priority);
    }

    config::Notification all_;
    config::Instance config = instance();  // LAN, priority 200
    Herald herald{send(), false};
    bool deaf = false;

private:
    Lines came_;
};

TEST_F(Heralds, of_roles_it_tells_with_the_priority) {
    const Router router(config, {});
    for (const auto role : {proto::Role::backup, proto::Role::active, proto::Role::initialize})
        herald.tell(router, proto::Transition{proto::Role::initialize, role, proto::Cause::silence, {}});
    herald.tell(router, proto::Transition{proto::Role::active, proto::Role::initialize, proto::Cause::stopped, {}});
    EXPECT_EQ(said(herald),
              (Lines{line("LAN", Event::backup, 200), line("LAN", Event::master, 200), line("LAN", Event::fault, 200)}))
        << "the end is told by who stops it";
}

TEST_F(Heralds, an_owner_is_told_of_as_Backup_once_somebody_answered) {
    config.parameters.priority = proto::Priority::owner();
    config.state_master = true;
    const Router router(config, {});
    const proto::Transition start{proto::Role::initialize, proto::Role::backup, proto::Cause::started, {}};
    herald.tell(router, start);
    EXPECT_EQ(said(herald), Lines{});
    herald.tell(router, proto::Note{proto::Remark::held_by_other, {}, {}, {}});
    EXPECT_EQ(said(herald), Lines{line("LAN", Event::backup, 255)});
    config.sync_group = 0;
    herald.tell(router, start);
    EXPECT_EQ(said(herald), Lines{line("LAN", Event::backup, 255)}) << "a group tells of all its members";
    config.sync_group.reset();
    config.state_master = false;
    herald.tell(router, start);
    EXPECT_EQ(said(herald), Lines{line("LAN", Event::backup, 255)}) << "as keepalived has it";
}

TEST_F(Heralds, who_is_no_owner_is_told_of_once) {
    const Router router(config, {});
    herald.tell(router, proto::Transition{proto::Role::initialize, proto::Role::backup, proto::Cause::started, {}});
    herald.tell(router, proto::Note{proto::Remark::held_by_other, {}, {}, {}});
    EXPECT_EQ(said(herald), Lines{line("LAN", Event::backup, 200)});
}

TEST_F(Heralds, of_what_left_it_tells_before_the_reload_is_answered) {
    const Router router(config, {});
    deaf = true;
    herald.tell_removed(router);
    herald.answer(ipc::Kind::reloaded);
    herald.flush();
    EXPECT_TRUE(herald.has_news());
    deaf = false;
    EXPECT_EQ(said(herald), (Lines{line("LAN", Event::fault, 200), "reloaded"}));
    config.notify.edit().deleted_state = true;
    herald.tell_removed(router);
    EXPECT_EQ(said(herald), Lines{line("LAN", Event::deleted, 200)});
}

TEST_F(Heralds, what_was_refused_waits_for_the_next_flush) {
    const Router router(config, {});
    deaf = true;
    herald.tell(router, Event::master);
    herald.flush_news();
    deaf = false;
    herald.flush_news();
    EXPECT_TRUE(herald.has_news());
    EXPECT_EQ(said(herald), Lines{line("LAN", Event::master, 200)});
}

TEST_F(Heralds, an_observer_tells_nobody_and_nobody_is_told_who_asks_for_nothing) {
    const Router router(config, {});
    Herald observer(send(), true);
    observer.follow(all_);
    observer.tell(router, Event::master);
    EXPECT_FALSE(observer.has_news());
    const config::Notification none;
    herald.follow(none);
    herald.tell(router, Event::master);
    EXPECT_FALSE(herald.has_news());
}

TEST_F(Heralds, priorities_are_told_to_who_asked_for_them) {
    const Router router(config, {});
    herald.tell_priority(router);
    EXPECT_EQ(said(herald), Lines{});
    config.notify.edit().priority_changes = true;
    herald.tell_priority(router);
    EXPECT_EQ(said(herald), Lines{line("LAN", Event::backup_priority, 200)});
}

}  // namespace
}  // namespace vrrpd::engine::herald_test
