// Does our DHCP server answer anybody? Bus and port do not tell of a firewall that drops what comes in, and who could
// see it are the stand-ins. But one that gets no offers may have a fault of its own: a broken port of the switch must
// not cost a good gateway its role. Pure; for LeaseService.
//
// So a stand-in's word counts only for the gateway of this take-over, after that one had answered it, while it is
// connected, and if its own server could do better; and not against that of another one which is still answered.
#pragma once

#include <map>

#include "dhcpsync/core/knowledge.hpp"
#include "dhcpsync/core/moment.hpp"
#include "dhcpsync/core/offer_watch.hpp"

namespace dhcpsync {

struct Testimony {
    Offers offers = Offers::unknown;
    Term term;                 // of the gateway that it speaks of
    bool could_serve = false;  // it stands in, and its own server lives
};

class Witnesses {
public:
    // By then a stand-in that was answered has looked again (OfferWatch::doubt), and says so if it is no more.
    static constexpr Duration looked_again = std::chrono::minutes(2);

    // A member's last word, said again and again. True: offers are withheld from it, and were not before.
    bool says(NodeId member, const Testimony& testimony, Instant now);
    // The link with it ended: its word counts no more. What it refuted stays refuted.
    void gone(NodeId member, Instant now);

    // Of the gateway that took over in this term. unknown: nobody can tell.
    [[nodiscard]] Offers verdict(Term term) const;

private:
    struct Word {
        Testimony testimony;
        Instant withheld_since;
        bool refuted = false;  // another one was answered all the while
    };

    std::map<NodeId, Word> words_;
};

}  // namespace dhcpsync
