// See wire.hpp.
#include "dhcpsync/core/wire.hpp"

#include "dhcpsync/core/codec.hpp"

namespace dhcpsync {

namespace {

enum class Type : std::uint8_t { update = 1, ack = 2 };

Type type_of(const Update&) { return Type::update; }
Type type_of(const Ack&) { return Type::ack; }

void put(Encoder& out, const Ack& ack) {
    out.u32(ack.number.value);
    out.put(ack.standing);
}

Ack read_ack(Decoder& in) {
    const MessageNumber number{in.u32()};
    return {number, in.standing()};
}

void put(Encoder& out, const Update& update) {
    out.u32(update.number.value);
    out.put(update.standing);
    out.flag(update.opens);
    out.flag(update.server_duid.has_value());
    if (update.server_duid) out.put(*update.server_duid);
    out.u16(update.cells.size());
    for (const auto& cell : update.cells) out.put(cell);
    out.flag(update.claim.has_value());
    if (update.claim) out.put(*update.claim);
}

Update read_update(Decoder& in) {
    Update update;
    update.number = {in.u32()};
    update.standing = in.standing();
    update.opens = in.flag();
    if (in.flag()) update.server_duid = in.server_duid();
    const auto count = in.u16();
    for (unsigned i = 0; i < count && in.ok(); ++i) update.cells.push_back(in.cell());
    if (in.flag()) update.claim = in.knowledge();
    return update;
}

tl::expected<Message, WireFault> whole(const Decoder& in, Message message) {
    if (!in.ok()) return tl::unexpected(WireFault::cut_off);
    if (!in.at_end()) return tl::unexpected(WireFault::trailing_bytes);
    return message;
}

}  // namespace

Bytes encode(const Message& message) {
    Bytes bytes;
    Encoder out(bytes);
    out.u8(wire_version);
    std::visit(
        [&](const auto& one) {
            out.u8(static_cast<std::uint8_t>(type_of(one)));
            put(out, one);
        },
        message);
    return bytes;
}

tl::expected<Message, WireFault> decode(BytesView bytes) {
    if (bytes.size() > largest_message) return tl::unexpected(WireFault::too_large);
    Decoder in(bytes);
    const auto version = in.u8();
    const auto type = static_cast<Type>(in.u8());
    if (!in.ok()) return tl::unexpected(WireFault::cut_off);
    if (version != wire_version) return tl::unexpected(WireFault::unknown_version);
    switch (type) {
        case Type::update: {
            auto update = read_update(in);
            return whole(in, std::move(update));
        }
        case Type::ack: {
            auto ack = read_ack(in);
            return whole(in, ack);
        }
    }
    return tl::unexpected(WireFault::unknown_type);
}

}  // namespace dhcpsync
