#include "state/pod_keys.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "base/sole_owner.h"
#include "state/key_index.h"

namespace kubesched {

std::uint32_t hash_of_key(std::string_view key) {
  const std::size_t hash = std::hash<std::string_view>{}(key);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

void PodKeys::push_back(std::string_view key) {
  text_.append(key);
  ends_.push_back(text_.size());
  hashes_.push_back(hash_of_key(key));
}

void PodKeys::finish() {
  KeyIndex seen;
  seen.reserve(size());
  for (std::size_t i = 0; i < size(); ++i) {
    const auto is_same = [&](std::uint32_t other) { return (*this)[other] == (*this)[i]; };
    if (seen.find(hashes_[i], is_same) != kNoId) {
      first_duplicate_ = i;
      return;
    }
    seen.insert(hashes_[i], static_cast<std::uint32_t>(i));
  }
}

KeyBufferId KeyBuffers::hold(std::shared_ptr<const void> owner) {
  KeyBufferId id = static_cast<KeyBufferId>(buffers_.size());
  if (free_.empty()) {
    buffers_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  buffers_[id] = Buffer{std::move(owner), 1};
  return id;
}

void KeyBuffers::release(KeyBufferId id) {
  if (--buffers_[id].uses > 0) return;
  buffers_[id].owner.reset();
  free_.push_back(id);
}

void KeyBuffers::start_chunk(std::size_t bytes) {
  if (chunk_ != kNoId) release(chunk_);
  auto chunk = std::make_shared<std::vector<char>>(std::max(bytes, kChunkBytes));
  next_ = chunk->data();
  left_bytes_ = chunk->size();
  chunk_ = hold(std::move(chunk));
}

std::string_view KeyBuffers::copy(std::string_view text, KeyBufferId& id) {
  if (chunk_ == kNoId || text.size() > left_bytes_ || !is_sole_owner(buffers_[chunk_].owner)) start_chunk(text.size());
  char* begin = next_;
  if (!text.empty()) std::memcpy(begin, text.data(), text.size());
  next_ += text.size();
  left_bytes_ -= text.size();
  id = chunk_;
  keep(id);
  return {begin, text.size()};
}

}  // namespace kubesched
