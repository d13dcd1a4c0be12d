// What a ResourceClaim asks for.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/reader.h"
#include "base/string_table.h"

namespace kubesched {

using DeviceIndex = std::uint32_t;   // a device by driver, pool and name
using ExpressionId = std::uint32_t;  // a CEL expression
using ContentId = std::uint32_t;     // a device as CEL sees it
using ClaimSpecId = std::uint32_t;

enum class AllocationMode : std::uint8_t { kExactCount, kAll };

// An `exactly`, or one entry of `firstAvailable`.
struct DeviceAlternative {
  StringId name;
  StringId device_class;
  AllocationMode mode;
  std::int64_t count;
  bool admin_access;
  std::vector<ExpressionId> selectors;
};

// Has one alternative, without parts of its own, unless it is a prioritized list.
struct DeviceRequest {
  StringId name;
  bool prioritized;
  std::vector<DeviceAlternative> alternatives;
};

// matchAttribute: all devices of the requests (of all, where none is named) have the same value.
struct MatchAttribute {
  std::vector<StringId> requests;  // "request" or "request/subrequest"
  StringId attribute;              // "domain/name"
};

// Two claims with equal records share one spec.
struct ClaimSpec {
  std::vector<DeviceRequest> requests;
  std::vector<MatchAttribute> constraints;
};

// Gives each CEL expression of a record its id.
template <typename Intern>
ClaimSpec read_claim_spec(std::string_view record, StringTable& strings, Intern&& intern_expression) {
  Reader reader(record);
  ClaimSpec spec;
  const auto text = [&] { return strings.intern(reader.text()); };
  spec.requests = reader.list([&] {
    DeviceRequest request{};
    request.name = text();
    request.prioritized = reader.boolean();
    request.alternatives = reader.list([&] {
      DeviceAlternative alternative{};
      alternative.name = text();
      alternative.device_class = text();
      alternative.mode = static_cast<AllocationMode>(reader.u8());
      alternative.count = reader.i64();
      alternative.admin_access = reader.boolean();
      alternative.selectors = reader.list([&] { return intern_expression(reader.text()); });
      return alternative;
    });
    return request;
  });
  spec.constraints = reader.list([&] {
    MatchAttribute constraint;
    constraint.requests = reader.list(text);
    constraint.attribute = text();
    return constraint;
  });
  reader.finish();
  return spec;
}

}  // namespace kubesched
