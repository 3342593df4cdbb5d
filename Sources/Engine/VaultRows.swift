public import Crypto
public import Model

/// A master key as the store knows it: never the key, but something that only it opens.
public struct MasterKeyRow: Sendable, Hashable {
  public enum State: UInt8, Sendable, CaseIterable {
    /// It seals what is new.
    case active
    /// What it sealed is being sealed anew under the active one.
    case retiring
    /// Nothing in the store needs it.
    case retired
    public var word: String { "\(self)" }
  }
  public var id: KeyID
  public var canary: [UInt8]
  public var state: State
  public var createdAt: Timestamp
  public var createdBy: String
  public var retiredAt: Timestamp?

  public init(
    id: KeyID, canary: [UInt8], state: State, createdAt: Timestamp, createdBy: String,
    retiredAt: Timestamp? = nil
  ) {
    (self.id, self.canary, self.state) = (id, canary, state)
    (self.createdAt, self.createdBy, self.retiredAt) = (createdAt, createdBy, retiredAt)
  }
}

/// How far the last change of the master key is.
public struct KeyRotationRow: Sendable, Hashable {
  public var target: KeyID
  /// What is sealed anew now; nil once all is.
  public var stage: WrappedKind?
  public var rewrapped: Int
  /// What could not be opened, and so was left as it is.
  public var unreadable: Int
  public var startedAt: Timestamp
  public var startedBy: String
  public var endedAt: Timestamp?

  public init(
    target: KeyID, stage: WrappedKind? = .credentials, rewrapped: Int = 0, unreadable: Int = 0,
    startedAt: Timestamp, startedBy: String, endedAt: Timestamp? = nil
  ) {
    (self.target, self.stage, self.rewrapped, self.unreadable) = (target, stage, rewrapped, unreadable)
    (self.startedAt, self.startedBy, self.endedAt) = (startedAt, startedBy, endedAt)
  }
}

/// What a master key seals, in the order in which a rotation goes through it.
public enum WrappedKind: UInt8, Sendable, CaseIterable {
  case credentials, namespaces, jobs, subjects
  public var word: String { "\(self)" }
  public var next: WrappedKind? { WrappedKind(rawValue: rawValue + 1) }
}

/// One thing that a master key sealed.
public enum WrappedPlace: Sendable, Hashable {
  case credential(namespace: String, name: String, version: Int)
  case namespace(String)
  case job(JobNumber)
  /// Under which identifiers of persons of a namespace are indexed.
  case subjects(String)
}

public struct WrappedRow: Sendable, Hashable {
  public var place: WrappedPlace
  public var sealed: [UInt8]
  public init(_ place: WrappedPlace, _ sealed: [UInt8]) { (self.place, self.sealed) = (place, sealed) }
}

/// The same thing under another key. It counts only where `old` still stands.
public struct Rewrap: Sendable, Hashable {
  public var place: WrappedPlace
  public var old: [UInt8]
  public var new: [UInt8]
  public init(_ place: WrappedPlace, old: [UInt8], new: [UInt8]) {
    (self.place, self.old, self.new) = (place, old, new)
  }
}

/// That an attempt was given a credential.
public struct CredentialUse: Sendable, Hashable {
  public var namespace: String
  public var name: String
  public var at: Timestamp
  /// Such as `sales/daily`.
  public var by: String
  public init(namespace: String, name: String, at: Timestamp, by: String) {
    (self.namespace, self.name, self.at, self.by) = (namespace, name, at, by)
  }
}

/// What is read of keys and of what they seal.
public protocol VaultReader: Sendable {
  /// In the order of their ids; empty for a store that was made without a canary.
  func masterKeys() throws(StoreError) -> [MasterKeyRow]
  func keyRotation() throws(StoreError) -> KeyRotationRow?
  /// What does not begin with `header`, behind `place`, in a fixed order.
  func wrapped(
    _ kind: WrappedKind, notUnder header: [UInt8], after place: WrappedPlace?, limit: Int
  ) throws(StoreError) -> [WrappedRow]
  /// Newest first.
  func versions(ofCredential name: String, in namespace: String) throws(StoreError) -> [CredentialRecord]
}
