// The kernels compiled for the avx2 back end.
#include <immintrin.h>

#include "kernels/backends.h"

namespace kubesched::avx2 {

namespace {

constexpr std::size_t kLanes = 4;

using Doubles = double __attribute__((vector_size(kLanes * sizeof(double))));
using Whole = std::int32_t __attribute__((vector_size(kLanes * sizeof(std::int32_t))));

inline Doubles higher(Doubles a, Doubles b) { return Doubles(_mm256_max_pd(__m256d(a), __m256d(b))); }
// The IEEE quotient n / d without a division, given inverse = 1 / d: one step of Newton's from below 2^51.
inline Doubles quotient(Doubles n, Doubles d, Doubles inverse) {
  const Doubles estimate = n * inverse;
  const Doubles rest = Doubles(_mm256_fnmadd_pd(__m256d(estimate), __m256d(d), __m256d(n)));
  return Doubles(_mm256_fmadd_pd(__m256d(rest), __m256d(inverse), __m256d(estimate)));
}
inline Doubles lower(Doubles a, Doubles b) { return Doubles(_mm256_min_pd(__m256d(a), __m256d(b))); }

struct Group {
  __m256i low;
  __m256i high;
};

inline __m256i load_half(const std::uint8_t* bytes) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
}
// 0xff for each bit that is set.
inline __m256i spread_bits(std::uint32_t mask) {
  const __m256i byte_of = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
  const __m256i bit_of = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201ULL));
  const __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(static_cast<int>(mask)), byte_of);
  return _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit_of), bit_of);
}
inline Group load_group(const std::uint8_t* bytes) { return {load_half(bytes), load_half(bytes + 32)}; }
inline Group load_group(const std::uint8_t* bytes, std::uint64_t mask) {
  return {_mm256_and_si256(load_half(bytes), spread_bits(static_cast<std::uint32_t>(mask))),
          _mm256_and_si256(load_half(bytes + 32), spread_bits(static_cast<std::uint32_t>(mask >> 32)))};
}
inline Group higher(const Group& a, const Group& b) {
  return {_mm256_max_epu8(a.low, b.low), _mm256_max_epu8(a.high, b.high)};
}
inline std::uint32_t equals_half(__m256i a, __m256i value) {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, value)));
}
inline std::uint64_t equals(const Group& a, std::uint8_t value) {
  const __m256i all = _mm256_set1_epi8(static_cast<char>(value));
  return equals_half(a.low, all) | std::uint64_t{equals_half(a.high, all)} << 32;
}
inline std::uint8_t highest(const Group& a) {
  const __m256i half = _mm256_max_epu8(a.low, a.high);
  const __m128i quarter = _mm_max_epu8(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
  // There is an instruction for the lowest of eight words only; the highest byte of each pair is made its word first.
  const __m128i low = _mm_subs_epu8(_mm_set1_epi8(-1), quarter);
  const __m128i pairs = _mm_min_epu8(low, _mm_srli_epi16(low, 8));
  return static_cast<std::uint8_t>(0xff - _mm_extract_epi8(_mm_minpos_epu16(pairs), 0));
}

#include "kernels/kernels_body.h"

}  // namespace

const Kernels& kernels() {
  static constexpr Kernels kTable = make_kernels("avx2");
  return kTable;
}

}  // namespace kubesched::avx2
