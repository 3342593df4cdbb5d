internal import Crypto
internal import Model

/// The form of an artifact's file: eight bytes that name the form, sixteen that number this file, then
/// frames. The last frame says so, which makes a file that was cut known as such.
private enum ArtifactFormat {
  static let magic = Array("ESTART1\n".utf8)
  static let numberSize = 16
}

/// Seals the bytes of a file under a name that is found while reading it.
struct ArtifactWriter {
  /// Of the namespace.
  let folder: String
  let key: SymmetricKey

  func store(_ source: String) throws(Failure) -> ArtifactFiles.Stored {
    let temporary = folder + "/incoming-" + Hex.encode(SecureRandom.bytes(8))
    do {
      try keeping { () throws(FileError) in try Folder.make(folder) }
      let stored = try write(source, to: temporary)
      try keeping { () throws(FileError) in try publish(temporary, stored.sha256) }
      return stored
    } catch {
      try? Folder.remove(temporary)  // What is left is found by its name and harms nothing.
      throw error
    }
  }

  private func publish(_ temporary: String, _ sha256: String) throws(FileError) {
    let home = folder + "/" + sha256.prefix(2)
    try Folder.make(home)
    try Folder.rename(temporary, to: home + "/" + sha256)
    try Folder.sync(home)
  }

  private func write(_ source: String, to target: String) throws(Failure) -> ArtifactFiles.Stored {
    let input = try taking { () throws(FileError) in try File.open(source, .read) }
    let output = try keeping { () throws(FileError) in try File.open(target, .create) }
    let number = SecureRandom.bytes(ArtifactFormat.numberSize)
    try keeping { () throws(FileError) in try output.write(ArtifactFormat.magic + number) }
    var hash = SHA256()
    var sealer = Sealer()
    var (plain, following, sealed): ([UInt8], [UInt8], [UInt8]) = ([], [], [])
    var (size, index) = (Int64(0), 0)
    var goesOn = try taking { () throws(FileError) in try input.read(into: &plain, limit: Frames.limit) }
    repeat {
      size += Int64(plain.count)
      if size > ArtifactFiles.sizeLimit { throw tooLarge(source) }
      if goesOn {
        goesOn = try taking { () throws(FileError) in try input.read(into: &following, limit: Frames.limit) }
      }
      hash.update(plain)
      sealed.removeAll(keepingCapacity: true)
      let place = Frames.place(number, index, isLast: !goesOn)
      Frames.append(plain, place: place, key: key, sealer: &sealer, to: &sealed)
      try keeping { () throws(FileError) in try output.write(sealed) }
      swap(&plain, &following)
      index += 1
    } while goesOn
    try keeping { () throws(FileError) in try output.sync() }
    return ArtifactFiles.Stored(sha256: Hex.encode(hash.finish()), size: size)
  }

  private func tooLarge(_ source: String) -> Failure {
    let limit = ArtifactFiles.sizeLimit
    return Failure(.outputTooLarge, code: "artifact-too-large", "\(source) is larger than \(limit) bytes.")
  }

  private func taking<Answer: ~Copyable>(
    _ body: () throws(FileError) -> Answer
  ) throws(Failure) -> Answer {
    do throws(FileError) { return try body() } catch {
      throw Failure(.data, code: "artifact-unreadable", "The artifact cannot be read: \(error).")
    }
  }
}

/// Opens an artifact's file frame by frame.
struct ArtifactReader {
  let file: String
  let sha256: String
  let key: SymmetricKey

  func copy(to path: String) throws(Failure) {
    let output = try keeping { () throws(FileError) in try File.open(path, .create) }
    try read { bytes throws(Failure) in
      try keeping { () throws(FileError) in try output.write(bytes) }
    }
  }

  func read(_ receive: ([UInt8]) throws(Failure) -> Void) throws(Failure) {
    let input = try reading { () throws(FileError) in try File.open(file, .read) }
    let number = try header(of: input)
    var hash = SHA256()
    var sealer = Sealer()
    var (sealed, plain): ([UInt8], [UInt8]) = ([], [])
    var (index, isLast) = (0, false)
    while try reading({ () throws(FileError) in try Frames.next(of: input, into: &sealed) }) == .frame {
      guard !isLast else { throw damaged }
      plain.removeAll(keepingCapacity: true)
      isLast = try open(sealed, number: number, index: index, sealer: &sealer, into: &plain)
      hash.update(plain)
      try receive(plain)
      index += 1
    }
    guard isLast, Hex.encode(hash.finish()) == sha256 else { throw damaged }
  }

  /// Hands on the plain bytes from the frame that holds byte `offset` on, with the place of their first byte,
  /// until `receive` says that it has enough. Each frame is checked; the name, which covers all, is not.
  func read(from offset: Int64, _ receive: (Int64, [UInt8]) throws(Failure) -> Bool) throws(Failure) {
    let input = try reading { () throws(FileError) in try File.open(file, .read) }
    let number = try header(of: input)
    var index = Int(offset / Int64(Frames.limit))
    let start = Int64(ArtifactFormat.magic.count + ArtifactFormat.numberSize)
    // All frames but the last are full, so each has its known place.
    let frame = Int64(Frames.limit + Sealer.overhead + 4)
    try reading { () throws(FileError) in try input.seek(to: start + Int64(index) * frame) }
    var sealer = Sealer()
    var (sealed, plain): ([UInt8], [UInt8]) = ([], [])
    var isLast = false
    while !isLast {
      guard try reading({ () throws(FileError) in try Frames.next(of: input, into: &sealed) }) == .frame
      else {
        throw damaged
      }
      plain.removeAll(keepingCapacity: true)
      isLast = try open(sealed, number: number, index: index, sealer: &sealer, into: &plain)
      if try !receive(Int64(index) * Int64(Frames.limit), plain) { return }
      index += 1
    }
  }

  private func header(of input: borrowing File) throws(Failure) -> [UInt8] {
    var header: [UInt8] = []
    let size = ArtifactFormat.magic.count + ArtifactFormat.numberSize
    do throws(FileError) { _ = try input.read(into: &header, limit: size) } catch { throw unreadable(error) }
    guard header.count == size, header.starts(with: ArtifactFormat.magic) else { throw damaged }
    return Array(header.suffix(ArtifactFormat.numberSize))
  }

  /// Whether the frame is the last.
  private func open(
    _ sealed: [UInt8], number: [UInt8], index: Int, sealer: inout Sealer, into plain: inout [UInt8]
  ) throws(Failure) -> Bool {
    for isLast in [false, true] {
      do throws(UnsealError) {
        let place = Frames.place(number, index, isLast: isLast)
        try sealer.open(sealed, 0..<sealed.count, key: key, additionalData: place, into: &plain)
        return isLast
      } catch {
        continue
      }
    }
    throw damaged
  }

  private func reading<Answer: ~Copyable>(
    _ body: () throws(FileError) -> Answer
  ) throws(Failure) -> Answer {
    do throws(FileError) { return try body() } catch { throw unreadable(error) }
  }

  private func unreadable(_ error: FileError) -> Failure {
    let code = error.isMissing ? "artifact-missing" : "artifact-store"
    return Failure(.data, code: code, "The artifact \(sha256) cannot be read: \(error).")
  }

  private var damaged: Failure {
    Failure(.data, code: "artifact-damaged", "The stored bytes of the artifact \(sha256) are damaged.")
  }
}

private func keeping<Answer: ~Copyable>(
  _ body: () throws(FileError) -> Answer
) throws(Failure) -> Answer {
  do throws(FileError) { return try body() } catch {
    throw Failure(
      error.isFull ? .transient : .internal, code: "artifact-store",
      "The artifact cannot be written: \(error).")
  }
}
