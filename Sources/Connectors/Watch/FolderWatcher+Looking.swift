import Engine
import Model

/// The open folder with what tells of its changes.
final class AttachedFolder {
  let places: ClaimPlaces
  let source: OpenPlace
  let events: FolderEvents
  let identity: FileStamp.Identity
  let isRemote: Bool
  var scan: FolderScan?
  var scanAt = Duration.zero
  var wantsScan = true
  /// What the present scan has cost so far.
  var scanCost = Duration.zero

  init(_ places: ClaimPlaces) throws(WatchFailure) {
    self.places = places
    source = try OpenPlace(places.source)
    do throws(SystemError.Number) { identity = try source.handle.identity() } catch {
      throw .folder(places.source.path, error)
    }
    isRemote = source.handle.isRemote
    events = FolderEvents(source.handle)
  }
}

// Files come and go.
extension FolderWatcher {
  /// Opens the folder if it is not, once it is granted. False where it is not, or cannot be opened; people
  /// are told of that once.
  /// `anew`: asks what is granted even if that was done a moment ago.
  func attach(anew: Bool = false) async throws(WatchFailure) -> Bool {
    if !anew, folder != nil, clock.monotonic < askAt { return true }
    guard let places = try await granted() else { return false }
    askAt = clock.monotonic + WatchPace.grant
    if let folder, folder.places == places { return true }
    detach()
    let opened: AttachedFolder
    do throws(WatchFailure) { opened = try AttachedFolder(places) } catch {
      guard case .folder(let path, let number) = error else { throw error }
      retryAttaching()
      if !noted.source { try await note(.missing(path, number)) }
      noted.source = true
      return false
    }
    if noted.source { log("files \(spec.path): the folder is there again") }
    noted.source = false
    folder = opened
    if !opened.events.isTelling, !noted.notTold {
      try await note(.notWatched(places.source.path, opened.events.failure))
      noted.notTold = true
    }
    return true
  }

  /// Nil where the operator does not let the trigger have its folders now.
  private func granted() async throws(WatchFailure) -> ClaimPlaces? {
    do throws(Problem) {
      let places = try ClaimPlaces(spec, in: try roots())
      if noted.grant != nil { log("files \(spec.path): it is granted again") }
      noted.grant = nil
      return places
    } catch {
      detach()
      retryAttaching()
      if noted.grant != error.message {
        log("files \(spec.path): \(error.message.english) \(error.remedy?.english ?? "")")
        try await note(.notGranted(spec.path, error))
      }
      noted.grant = error.message
      return nil
    }
  }

  /// Whoever comes back looks for the folder by its path.
  private func detach() {
    folder = nil
    arrivals.forgetAll()
  }

  /// Takes in what has happened. True while there is more to look at.
  func look() async throws(WatchFailure) -> Bool {
    guard let folder else { return false }
    for event in folder.events.take() {
      switch event {
      case .touched(let name): try touched(name, in: folder)
      case .gone(let name): arrivals.forget(name)
      case .overflow: folder.wantsScan = true
      case .folderGone:
        detach()
        return true
      }
    }
    return try await scan(folder)
  }

  private func touched(_ name: String, in folder: AttachedFolder) throws(WatchFailure) {
    guard isOfInterest(name) else { return }
    let stamp = try FileMover.naming("look at \(name)") { () throws(SystemError.Number) in
      try folder.source.handle.stamp(of: name)
    }
    guard let stamp else { return arrivals.forget(name) }
    // What was set aside tells of our own attempt to take it.
    if seen.recognizes(stamp) || isAside(name, stamp, at: clock.monotonic) { return }
    if !arrivals.see(name, stamp, isTouched: true, at: clock.monotonic) { folder.wantsScan = true }
  }

  /// Reads a slice of the folder if it is time to. Rests while no more files can be followed.
  private func scan(_ folder: AttachedFolder) async throws(WatchFailure) -> Bool {
    let start = clock.monotonic
    if arrivals.isFull { return false }
    if folder.scan == nil {
      guard folder.wantsScan || start >= folder.scanAt else { return false }
      guard isStillThere(folder) else {
        detach()
        return true
      }
      folder.scan = try FileMover.naming("read the folder \(spec.path)") { () throws(SystemError.Number) in
        try FolderScan(folder.source.handle)
      }
      (folder.wantsScan, folder.scanCost) = (false, .zero)
    }
    let isAtEnd = try await readSlice(of: folder, at: start)
    folder.scanCost += clock.monotonic - start
    if isAtEnd { endScan(of: folder) }
    return !isAtEnd && !arrivals.isFull
  }

  private func readSlice(of folder: AttachedFolder, at now: Duration) async throws(WatchFailure) -> Bool {
    guard let scan = folder.scan else { return true }
    for _ in 0..<WatchPace.slice {
      if arrivals.isFull { return false }
      let next = try FileMover.naming("read the folder \(spec.path)") { () throws(SystemError.Number) in
        try scan.next()
      }
      switch next {
      case nil: return true
      case .other: break
      case .unnamable(let name): try await setAside(name, nil, .unnamable(name))
      case .text(let name): try see(name, in: folder, at: now)
      }
    }
    return false
  }

  private func see(_ name: String, in folder: AttachedFolder, at now: Duration) throws(WatchFailure) {
    guard isOfInterest(name) else { return }
    let stamp = try FileMover.naming("look at \(name)") { () throws(SystemError.Number) in
      try folder.source.handle.stamp(of: name)
    }
    guard let stamp, !seen.recognizes(stamp), !isAside(name, stamp, at: now) else { return }
    _ = arrivals.see(name, stamp, at: now)
  }

  private func endScan(of folder: AttachedFolder) {
    folder.scan = nil
    seen.endScan()
    progress.scans += 1
    let isTold = folder.events.isTelling && !folder.isRemote
    let pause = max(isTold ? WatchPace.scan : WatchPace.scanUntold, folder.scanCost * WatchPace.scanShare)
    folder.scanAt = clock.monotonic + pause
  }

  /// Events do not tell when the path leads to another folder, such as one that was mounted over it.
  private func isStillThere(_ folder: AttachedFolder) -> Bool {
    let found = Result { () throws(SystemError.Number) in
      try FolderHandle.open(folder.places.source).identity()
    }
    return (try? found.get()) == folder.identity  // Whatever the error: the next turn opens it and tells.
  }

  /// Hidden files and those that are under way by the names that programs give them are left alone.
  private func isOfInterest(_ name: String) -> Bool {
    if name.utf8.first == UInt8(ascii: ".") { return false }
    let end = name.utf8.suffix(5).map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
    if end.suffix(4).elementsEqual(".tmp".utf8) || end.elementsEqual(".part".utf8) { return false }
    return spec.match.matches(name)
  }

  private func isAside(_ name: String, _ stamp: FileStamp?, at now: Duration) -> Bool {
    guard let known = aside[ScalarString(name)] else { return false }
    return known.stamp == stamp && now < known.until
  }

  /// A file that cannot be taken is told of once, and tried again when it changes or after a long while.
  func setAside(_ name: String, _ stamp: FileStamp?, _ note: FileNote) async throws(WatchFailure) {
    let (key, now) = (ScalarString(name), clock.monotonic)
    let isNew = aside[key].map { !Self.isSame($0.stamp, stamp) } ?? true
    if isNew { try await self.note(note) }
    if aside.count >= WatchPace.asideLimit { aside = aside.filter { $0.value.until > now } }
    if aside.count >= WatchPace.asideLimit { aside = [:] }
    aside[key] = Aside(stamp: stamp, until: now + WatchPace.aside)
  }

  /// Also where only an attempt to take it has changed its marks.
  private static func isSame(_ one: FileStamp?, _ other: FileStamp?) -> Bool {
    if let one, let other { return one.isSameContent(as: other) }
    return one == nil && other == nil
  }

  func note(_ note: FileNote) async throws(WatchFailure) {
    try claiming.proceed()
    do throws(Problem) { try await desk.note(note) } catch { throw .desk(error) }
  }
}
