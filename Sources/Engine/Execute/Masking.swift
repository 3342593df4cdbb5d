public import Model

/// Hides what a credential holds wherever it turns up: as it is, block by block and line by line, in base64
/// of either alphabet wherever it begins, in hexadecimal, URL-encoded and escaped as in JSON. Compared by
/// bytes: what is written behind a secret cannot make another character of its last letter.
public struct Masking: Sendable {
  private let scan: SecretScan
  private static let mask = Array("•••".utf8)
  /// A number that is a secret of so many digits is hidden too, though it is then no number any more.
  private static let shortestNumber = 6

  public static let none = Masking(nil)

  public init(_ credential: Credential?) {
    let secrets = ((credential?.values ?? []) + (credential?.former ?? [])).lazy.filter { value in
      !(credential?.plain.contains(value.name) ?? false)
    }
    scan = SecretScan(SecretForms.all(of: secrets.map { $0.secret.reveal() }))
  }

  public func callAsFunction(_ text: String) -> String {
    if scan.isEmpty { return text }
    var stream = stream()
    var masked = stream.take(text.utf8)
    masked += stream.finish()
    return String(decoding: masked, as: UTF8.self)
  }

  public func callAsFunction(_ failure: Failure) -> Failure {
    if scan.isEmpty { return failure }
    var masked = failure
    (masked.message, masked.code) = (self(failure.message), self(failure.code))
    return masked
  }

  public func callAsFunction(_ json: JSON) -> JSON {
    if scan.isEmpty { return json }
    switch json {
    case .string(let text): return .string(self(text))
    case .array(let elements): return .array(elements.map { self($0) })
    case .object(let members): return .object(JSONObject(members.map { (self($0.key), self($0.value)) }))
    case .int, .double:
      let text = json.text
      guard text.utf8.count >= Self.shortestNumber, case let masked = self(text), masked == "•••" else {
        return json
      }
      return .string(masked)
    case .null, .bool: return json
    }
  }

  public func callAsFunction(_ output: AttemptOutput) -> AttemptOutput {
    if scan.isEmpty { return output }
    return AttemptOutput(
      self(output.value),
      artifacts: output.artifacts.map { handle in
        var handle = handle
        handle.name = self(handle.name)
        return handle
      })
  }

  /// For a text that comes in pieces.
  public func stream() -> Stream { Stream(scan) }

  /// Keeps back what may be the beginning of a secret: at most as many bytes as the longest spelling has.
  public struct Stream: Sendable {
    private let scan: SecretScan
    private var node: Int32 = 0
    private var held: [UInt8] = []
    /// How many of the held bytes, counted from the end of the held ones, belong to a secret.
    private var covered: [Bool] = []
    /// The last byte that was given out stood under a mask.
    private var isMasked = false

    fileprivate init(_ scan: SecretScan) { self.scan = scan }

    /// What is sure now.
    public mutating func take(_ bytes: some Sequence<UInt8>) -> [UInt8] {
      if scan.isEmpty { return Array(bytes) }
      var output: [UInt8] = []
      output.reserveCapacity(bytes.underestimatedCount)
      for byte in bytes {
        node = scan.step(node, byte)
        if node == 0, held.isEmpty {
          output.append(byte)
          isMasked = false
          continue
        }
        held.append(byte)
        covered.append(false)
        let length = scan.length(endingAt: node)
        if length > 0 { for place in covered.count - length..<covered.count { covered[place] = true } }
        let sure = held.count - scan.depth(node)
        if sure > 0 { release(sure, into: &output) }
      }
      return output
    }

    /// The rest, once there is no more.
    public mutating func finish() -> [UInt8] {
      var output: [UInt8] = []
      release(held.count, into: &output)
      (node, isMasked) = (0, false)
      return output
    }

    private mutating func release(_ count: Int, into output: inout [UInt8]) {
      for place in 0..<count {
        if !covered[place] { output.append(held[place]) } else if !isMasked { output += Masking.mask }
        isMasked = covered[place]
      }
      held.removeFirst(count)
      covered.removeFirst(count)
    }
  }
}
