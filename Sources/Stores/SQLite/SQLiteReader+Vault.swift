public import Engine

// Keys, and what they seal.
extension SQLiteReader {
  public func masterKeys() throws(StoreError) -> [MasterKeyRow] {
    try ask { database throws(SQLiteError) in try database.masterKeys() }
  }

  public func keyRotation() throws(StoreError) -> KeyRotationRow? {
    try ask { database throws(SQLiteError) in try database.keyRotation() }
  }

  public func wrapped(
    _ kind: WrappedKind, notUnder header: [UInt8], after place: WrappedPlace?, limit: Int
  ) throws(StoreError) -> [WrappedRow] {
    try ask { database throws(SQLiteError) in
      try database.wrapped(kind, notUnder: header, after: place, limit: limit)
    }
  }

  public func versions(
    ofCredential name: String, in namespace: String
  ) throws(StoreError) -> [CredentialRecord] {
    try ask { database throws(SQLiteError) in try database.versions(ofCredential: name, in: namespace) }
  }
}

// The store answers what its reader answers.
extension SQLiteStore {
  public func masterKeys() throws(StoreError) -> [MasterKeyRow] { try reader.masterKeys() }
  public func keyRotation() throws(StoreError) -> KeyRotationRow? { try reader.keyRotation() }
  public func wrapped(
    _ kind: WrappedKind, notUnder header: [UInt8], after place: WrappedPlace?, limit: Int
  ) throws(StoreError) -> [WrappedRow] {
    try reader.wrapped(kind, notUnder: header, after: place, limit: limit)
  }
  public func versions(
    ofCredential name: String, in namespace: String
  ) throws(StoreError) -> [CredentialRecord] {
    try reader.versions(ofCredential: name, in: namespace)
  }
}
