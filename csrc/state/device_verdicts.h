// What each CEL expression says of each distinct device.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/claim_spec.h"

namespace kubesched {

enum class DeviceVerdict : std::uint8_t { kNotMet, kYes, kError };

// Verdicts that nobody has worked out yet: of one expression and the contents from `first` on.
struct MissingVerdicts {
  ExpressionId expression;
  std::string text;
  ContentId first;
};

// Expressions and contents are interned here and judged outside, each pair once.
class DeviceVerdicts {
 public:
  ExpressionId intern_expression(std::string_view text);
  ContentId intern_content(std::string_view text);
  const std::vector<std::string>& contents() const { return contents_; }

  std::vector<MissingVerdicts> missing() const;
  // Appends the verdicts of an expression that are missing; `errors` names contents by their id.
  void add(ExpressionId expression, std::string_view verdicts,
           const std::vector<std::pair<ContentId, std::string>>& errors);

  // InternalError where the verdict is missing.
  DeviceVerdict verdict(ExpressionId expression, ContentId content) const;
  // Upstream's text, "CEL compile error: ..." or "CEL runtime error: ...".
  const std::string& error(ExpressionId expression, ContentId content) const;

 private:
  struct Row {
    std::string text;
    std::string verdicts;  // one DeviceVerdict a byte
    std::unordered_map<ContentId, std::string> errors;
  };
  std::vector<Row> rows_;
  std::vector<std::string> contents_;
  std::unordered_map<std::string, ExpressionId> expression_ids_;
  std::unordered_map<std::string, ContentId> content_ids_;
};

}  // namespace kubesched
