import Engine

/// Which files were looked at and need no second look as long as they do not change. 16 bytes a file and one
/// for the scan that saw it last: a million files take less than 64 MB.
struct SeenFiles {
  /// Beyond it a file is read again by each scan, and found known.
  static let limit = 1_000_000

  /// A file that changes keeps its inode and gets another mark; that two states of one file have the same one
  /// is as good as impossible, and nobody can arrange it, because Swift seeds its hashes in each process.
  private struct Key: Hashable {
    var inode: UInt64
    var mark: Int

    init(_ stamp: FileStamp) {
      inode = stamp.inode
      mark = stamp.hashValue
    }
  }

  private let limit: Int
  private var scans: [Key: UInt8] = [:]
  private var scan: UInt8 = 0

  init(limit: Int = Self.limit) { self.limit = limit }

  var count: Int { scans.count }

  mutating func recognizes(_ stamp: FileStamp) -> Bool {
    guard let place = scans.index(forKey: Key(stamp)) else { return false }
    scans.values[place] = scan
    return true
  }

  mutating func insert(_ stamp: FileStamp) {
    let key = Key(stamp)
    guard scans.count < limit || scans[key] != nil else { return }
    scans[key] = scan
  }

  /// The folder was looked through: where there is no more room, what this scan did not see makes some.
  mutating func endScan() {
    if scans.count >= limit {
      let here = scans.values.count { $0 == scan }
      if here <= limit - limit / 4 { scans = scans.filter { $0.value == scan } }
    }
    scan &+= 1
  }
}
