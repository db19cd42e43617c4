// See shared_state.hpp. Layout: a header, then `capacity` records, then as many of
// authentication, then as many of BFD sessions, then as many of legacies; pages nobody wrote to take no memory.
#include "vrrpd/ipc/shared_state.hpp"

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "vrrpd/base/assert.hpp"

namespace vrrpd::ipc {

namespace {

constexpr std::uint64_t mark_used = 1, mark_v6 = 2, mark_multicast = 4;

std::uint64_t kind_of(const proto::ReplayMark& mark) {
    return mark_used | (mark.source.is_v4() ? 0 : mark_v6) | (mark.multicast ? mark_multicast : 0);
}

}  // namespace

struct SharedState::Header {
    std::atomic<std::int64_t> beat{0};
    std::atomic<std::int64_t> longest_pause{0};  // between two beats
    std::uint64_t layout = state_layout;
    std::uint64_t capacity = 0;

    // All-zero bytes, as a new memfd has them, are free records.
    [[nodiscard]] RouterRecord* records() { return std::launder(reinterpret_cast<RouterRecord*>(this + 1)); }
    [[nodiscard]] AuthRecord* auth_records() {
        return std::launder(reinterpret_cast<AuthRecord*>(records() + capacity));
    }
    [[nodiscard]] BfdRecord* bfd_records() {
        return std::launder(reinterpret_cast<BfdRecord*>(auth_records() + capacity));
    }
    [[nodiscard]] LegacyRecord* legacies() {
        return std::launder(reinterpret_cast<LegacyRecord*>(bfd_records() + capacity));
    }
    [[nodiscard]] static std::size_t size_for(std::size_t routers) {
        return sizeof(Header) +
               routers * (sizeof(RouterRecord) + sizeof(AuthRecord) + sizeof(BfdRecord) + sizeof(LegacyRecord));
    }
};
static_assert(alignof(AuthRecord) <= alignof(RouterRecord) && alignof(BfdRecord) <= alignof(AuthRecord) &&
                  alignof(LegacyRecord) <= alignof(BfdRecord),
              "they follow each other");

static_assert(std::atomic<std::int64_t>::is_always_lock_free, "an atomic with a lock is not shared by processes");
static_assert(std::atomic<std::uint8_t>::is_always_lock_free);

SharedState::SharedState(Fd fd, Header* header, std::size_t size) : fd_(std::move(fd)), header_(header), size_(size) {}

SharedState::SharedState(SharedState&& other) noexcept
    : fd_(std::move(other.fd_)), header_(std::exchange(other.header_, nullptr)), size_(other.size_) {}

SharedState& SharedState::operator=(SharedState&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(header_, other.header_);
    std::swap(size_, other.size_);
    return *this;
}

SharedState::~SharedState() {
    if (header_ != nullptr) munmap(header_, size_);
}

Result<SharedState> SharedState::create(std::size_t routers) {
    Fd memfd(memfd_create("vrrpd-state", MFD_CLOEXEC));
    if (!memfd) return fail(errno, "make the memfd vrrpd-state");
    const std::size_t size = Header::size_for(routers);
    if (ftruncate(memfd.get(), static_cast<off_t>(size)) != 0) return fail(errno, "size the memfd vrrpd-state");
    void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, memfd.get(), 0);
    if (memory == MAP_FAILED) return fail(errno, "map the memfd vrrpd-state");
    auto* const header = new (memory) Header;
    header->capacity = routers;
    return SharedState(std::move(memfd), header, size);
}

Result<SharedState> SharedState::map(Fd memfd) {
    struct stat status {};
    if (fstat(memfd.get(), &status) != 0) return fail(errno, "ask for the size of vrrpd-state");
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size < sizeof(Header)) return fail(EINVAL, "map vrrpd-state: it is no shared state");
    void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, memfd.get(), 0);
    if (memory == MAP_FAILED) return fail(errno, "map the memfd vrrpd-state");
    auto* const header = std::launder(static_cast<Header*>(memory));
    ASSERT(header->layout == state_layout &&
           size == Header::size_for(header->capacity));  // asked before it is passed on
    return SharedState(std::move(memfd), header, size);
}

int SharedState::fd() const { return fd_.get(); }

void SharedState::beat(Instant now) {
    const auto time = now.time_since_epoch().count();
    const auto last = header_->beat.exchange(time, std::memory_order_relaxed);
    if (last != 0 && time - last > header_->longest_pause.load(std::memory_order_relaxed))
        header_->longest_pause.store(time - last, std::memory_order_relaxed);
}

Duration SharedState::take_longest_pause() {
    return Duration(header_->longest_pause.exchange(0, std::memory_order_relaxed));
}

void SharedState::begin_beats() {
    header_->beat.store(0, std::memory_order_relaxed);
    header_->longest_pause.store(0, std::memory_order_relaxed);
}

Instant SharedState::last_beat() const { return Instant(Duration(header_->beat.load(std::memory_order_relaxed))); }

std::size_t SharedState::capacity() const { return header_->capacity; }

proto::RouterKey RouterRecord::key() const {
    const auto of_family = static_cast<Family>(family);
    proto::RouterKey key{interface, of_family, *proto::Vrid::make(vrid)};
    if (cast == Cast::unicast) return key;
    auto& known = cast == Cast::multicast ? key.group : key.source;
    known = *IpAddress::from_bytes({address, address_size(of_family)});
    return key;
}

RouterRecord* SharedState::record(const proto::RouterKey& key) {
    using Cast = RouterRecord::Cast;
    RouterRecord* const records = header_->records();
    ASSERT(key.interface.size() < sizeof records->interface);
    for (std::size_t i = 0; i < header_->capacity; ++i) {
        RouterRecord& record = records[i];
        if (record.family == 0) {
            std::memcpy(record.interface, key.interface.data(), key.interface.size());
            record.vrid = key.vrid.value();
            record.cast = key.group ? Cast::multicast : key.source ? Cast::unicast_from : Cast::unicast;
            if (const auto& known = key.group ? key.group : key.source)
                std::memcpy(record.address, known->bytes().data(), known->bytes().size());
            record.family = static_cast<std::uint8_t>(key.family);  // last: from here on it is taken
            return &record;
        }
        if (record.vrid == key.vrid.value() && record.interface == key.interface && record.key() == key) return &record;
    }
    return nullptr;
}

AuthRecord& SharedState::auth(const RouterRecord& record) {
    const auto number = static_cast<std::size_t>(&record - header_->records());
    ASSERT(number < header_->capacity);
    return header_->auth_records()[number];
}

LegacyRecord& SharedState::legacy(const RouterRecord& record) {
    const auto number = static_cast<std::size_t>(&record - header_->records());
    ASSERT(number < header_->capacity);
    return header_->legacies()[number];
}

void SharedState::each(const std::function<void(const RouterRecord&)>& visit) const {
    const RouterRecord* const records = header_->records();
    for (std::size_t i = 0; i < header_->capacity && records[i].family != 0; ++i) visit(records[i]);
}

BfdRecord* SharedState::bfd(std::string_view name) {
    BfdRecord* const records = header_->bfd_records();
    ASSERT(!name.empty() && name.size() < sizeof records->name);
    for (std::size_t i = 0; i < header_->capacity; ++i) {
        if (records[i].name[0] == 0) std::memcpy(records[i].name, name.data(), name.size());
        if (records[i].name == name) return &records[i];
    }
    return nullptr;
}

void SharedState::each_bfd(const std::function<void(const BfdRecord&)>& visit) const {
    const BfdRecord* const records = header_->bfd_records();
    for (std::size_t i = 0; i < header_->capacity && records[i].name[0] != 0; ++i) visit(records[i]);
}

// A mark is without kind while it is written: the process may end at any moment.
void store(const proto::AuthMemory& memory, AuthRecord& record) {
    constexpr auto relaxed = std::memory_order_relaxed;
    record.ah_sequence.store(memory.ah_sequence, relaxed);
    record.hmac_sequence.store(memory.hmac_sequence, relaxed);
    const auto count = std::min(memory.marks.size(), std::size(record.marks));
    for (std::size_t i = 0; i < std::size(record.marks); ++i) {
        auto& into = record.marks[i];
        into.kind.store(0);
        if (i >= count) continue;
        const auto& mark = memory.marks[memory.marks.size() - count + i];
        std::uint64_t source[2] = {};
        std::memcpy(source, mark.source.bytes().data(), mark.source.bytes().size());
        into.source[0].store(source[0], relaxed);
        into.source[1].store(source[1], relaxed);
        into.sequence.store(mark.sequence, relaxed);
        into.kind.store(kind_of(mark));
    }
}

proto::AuthMemory load(const AuthRecord& record) {
    proto::AuthMemory memory{record.ah_sequence.load(), record.hmac_sequence.load(), {}};
    for (const auto& mark : record.marks) {
        const auto kind = mark.kind.load();
        if (kind == 0) continue;
        const std::uint64_t source[2] = {mark.source[0].load(), mark.source[1].load()};
        std::uint8_t octets[16];
        std::memcpy(octets, source, sizeof octets);
        const auto address = IpAddress::from_bytes({octets, (kind & mark_v6) != 0 ? 16U : 4U});
        memory.marks.push_back({*address, (kind & mark_multicast) != 0, mark.sequence.load()});
    }
    return memory;
}

// Nothing is remembered while it is written: the process may end at any moment.
void store(const proto::BfdMemory& memory, BfdRecord& record) {
    constexpr auto relaxed = std::memory_order_relaxed;
    record.discriminator.store(0);
    record.state.store(static_cast<std::uint8_t>(memory.state), relaxed);
    record.diagnostic.store(static_cast<std::uint8_t>(memory.diagnostic), relaxed);
    record.remote_state.store(static_cast<std::uint8_t>(memory.remote.state), relaxed);
    record.remote_diagnostic.store(static_cast<std::uint8_t>(memory.remote.diagnostic), relaxed);
    record.remote_multiplier.store(memory.remote.multiplier, relaxed);
    record.remote_demand.store(memory.remote.demand ? 1 : 0, relaxed);
    record.remote_discriminator.store(memory.remote.discriminator, relaxed);
    record.remote_min_tx.store(memory.remote.min_tx.count(), relaxed);
    record.remote_min_rx.store(memory.remote.min_rx.count(), relaxed);
    record.discriminator.store(memory.discriminator);
}

proto::BfdMemory load(const BfdRecord& record) {
    proto::BfdMemory memory;
    memory.discriminator = record.discriminator.load();
    memory.state = static_cast<proto::BfdState>(record.state.load() & 3U);
    memory.diagnostic = static_cast<proto::BfdDiagnostic>(record.diagnostic.load());
    auto& remote = memory.remote;
    remote.state = static_cast<proto::BfdState>(record.remote_state.load() & 3U);
    remote.diagnostic = static_cast<proto::BfdDiagnostic>(record.remote_diagnostic.load());
    remote.multiplier = record.remote_multiplier.load();
    remote.demand = record.remote_demand.load() != 0;
    remote.discriminator = record.remote_discriminator.load();
    remote.min_tx = proto::BfdInterval(record.remote_min_tx.load());
    remote.min_rx = proto::BfdInterval(record.remote_min_rx.load());
    return memory;
}

void store(const BfdRecord::Counters& counters, BfdRecord& record) {
    constexpr auto relaxed = std::memory_order_relaxed;
    record.sent.store(counters.sent, relaxed);
    record.received.store(counters.received, relaxed);
    record.became_up.store(counters.became_up, relaxed);
    record.went_down.store(counters.went_down, relaxed);
    for (std::size_t i = 0; i < std::size(record.rejected); ++i)
        record.rejected[i].store(counters.rejected[i], relaxed);
}

BfdRecord::Counters counters(const BfdRecord& record) {
    BfdRecord::Counters result{
        record.sent.load(), record.received.load(), record.became_up.load(), record.went_down.load(), {}};
    for (std::size_t i = 0; i < std::size(record.rejected); ++i) result.rejected[i] = record.rejected[i].load();
    return result;
}

void leave(const LegacyRecord::Values& values, LegacyRecord& record) {
    record.values = values;
    record.left.store(1);
}

std::optional<LegacyRecord::Values> take_up(LegacyRecord& record) {
    if (record.left.exchange(0) == 0) return std::nullopt;
    return record.values;
}

}  // namespace vrrpd::ipc
