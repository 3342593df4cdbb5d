internal import Model

/// Who holds which slot of which limit. A slot is a row with a unique key and number; nothing is counted up
/// or down, so nothing can leak (`semantics.md`, S10).
struct LimitSlots {
  private struct Limit {
    var held: [Int: Claimant] = [:]
    /// As the claim that came or was granted last says it; nil: none did since the node started.
    var most: Int?
  }

  private var limits: [ScalarString: Limit] = [:]

  /// The keys of which somebody holds a slot.
  var keys: [ScalarString] { limits.keys.sorted() }

  func isFree(_ key: ScalarString) -> Bool {
    guard let limit = limits[key] else { return true }
    return limit.held.count < limit.most ?? 1
  }

  /// By the numbers of their slots.
  func holders(of key: ScalarString) -> [Claimant] {
    (limits[key]?.held ?? [:]).sorted { $0.key < $1.key }.map(\.value)
  }

  func limit(of key: ScalarString) -> Int? { limits[key]?.most }

  /// Two revisions may differ: the newest word counts for all.
  mutating func note(_ claim: SlotClaim) { limits[ScalarString(claim.key)]?.most = claim.limit }

  /// The lowest free number. The caller has made sure that there is one.
  mutating func take(_ claim: SlotClaim, by claimant: Claimant) -> Int {
    let key = ScalarString(claim.key)
    var limit = limits[key] ?? Limit(most: claim.limit)
    var number = 0
    while limit.held[number] != nil { number += 1 }
    limit.held[number] = claimant
    limits[key] = limit
    return number
  }

  /// A slot that a row of the store says is held.
  mutating func restore(_ key: String, _ number: Int, to claimant: Claimant) {
    limits[ScalarString(key), default: Limit()].held[number] = claimant
  }

  mutating func free(_ key: String, _ number: Int) {
    let key = ScalarString(key)
    limits[key]?.held[number] = nil
    if limits[key]?.held.isEmpty == true { limits[key] = nil }
  }
}
