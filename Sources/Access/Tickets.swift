internal import Crypto
internal import Model

/// What is valid for seconds or minutes and is forgotten when the server ends. Kept by the hash of its text,
/// so that looking one up says nothing about the others.
struct Tickets: Sendable {
  struct SecondStep: Sendable {
    var account: ID<Account>
    var until: Timestamp
    var tries = 0
  }

  struct Socket: Sendable {
    var principal: Principal
    var until: Timestamp
  }

  struct Outside: Sendable {
    var nonce: String
    var verifier: String
    /// The hash of what the browser was given to keep.
    var browser: [UInt8]
    /// Where it was begun from.
    var address: String
    /// The page that it is for.
    var returnTo: String?
    var until: Timestamp
  }

  /// Sign-ins under way that one address may have: it must not take the room of all others.
  static let mostOutsideOfAddress = 200

  private let most: Int
  private var seconds: [[UInt8]: SecondStep] = [:]
  private var sockets: [[UInt8]: Socket] = [:]
  private var outside: [[UInt8]: Outside] = [:]

  init(most: Int) { self.most = most }

  static func key(_ text: String) -> [UInt8] { SHA256.digest(Array(text.utf8)) }

  /// False where there are too many already.
  mutating func addSecondFactor(
    _ ticket: String, _ account: ID<Account>, until: Timestamp, at now: Timestamp
  ) -> Bool {
    if seconds.count >= most { seconds = seconds.filter { $0.value.until > now } }
    guard seconds.count < most else { return false }
    seconds[Self.key(ticket)] = SecondStep(account: account, until: until)
    return true
  }

  /// One try of it.
  mutating func useSecondFactor(_ ticket: String, tries: Int, at now: Timestamp) -> SecondStep? {
    let key = Self.key(ticket)
    guard var step = seconds[key], step.until > now, step.tries < tries else {
      seconds[key] = nil
      return nil
    }
    step.tries += 1
    seconds[key] = step
    return step
  }

  mutating func endSecondFactor(_ ticket: String) { seconds[Self.key(ticket)] = nil }

  mutating func addSocket(
    _ ticket: String, _ principal: Principal, until: Timestamp, at now: Timestamp
  ) -> Bool {
    if sockets.count >= most { sockets = sockets.filter { $0.value.until > now } }
    guard sockets.count < most else { return false }
    sockets[Self.key(ticket)] = Socket(principal: principal, until: until)
    return true
  }

  mutating func takeSocket(_ ticket: String, at now: Timestamp) -> Principal? {
    guard let socket = sockets.removeValue(forKey: Self.key(ticket)), socket.until > now else { return nil }
    return socket.principal
  }

  mutating func addOutside(_ state: String, _ started: Outside, at now: Timestamp) -> Bool {
    if outside.count >= most { outside = outside.filter { $0.value.until > now } }
    let same = outside.values.filter { $0.address == started.address && $0.until > now }
    guard outside.count < most, same.count < Self.mostOutsideOfAddress else { return false }
    outside[Self.key(state)] = started
    return true
  }

  mutating func takeOutside(_ state: String, at now: Timestamp) -> Outside? {
    guard let started = outside.removeValue(forKey: Self.key(state)), started.until > now else { return nil }
    return started
  }
}
