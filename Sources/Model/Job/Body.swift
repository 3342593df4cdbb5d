/// An input, output, message or answer of a job: data of users, which is never stored in the clear.
public struct Body: Sendable, Hashable {
  public var place: BodyPlace
  public var value: JSON
  public init(place: BodyPlace, value: JSON) { (self.place, self.value) = (place, value) }
}

/// Where the ciphertext of a body lies.
public enum BodyPlace: Sendable, Hashable {
  /// In `sealed` of the event of this sequence number.
  case event(sequence: UInt32, offset: UInt32, length: UInt32)
  /// A row of `bodies`, for what is longer than 64 KiB.
  case row(BodyID)
}

/// The number of a row of `bodies`.
public struct BodyID: Hashable, Sendable {
  public var value: Int64
  public init(_ value: Int64) { self.value = value }
}
