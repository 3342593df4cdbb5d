import CArchive
import Engine
import Glibc
import Model

/// libarchive over an open file: zip and tar, the latter plain, by gzip or by zstd. Blocks.
struct ArchiveReader: ~Copyable {
  struct Entry {
    enum Kind { case file, folder, other }
    /// Nil where it is no text.
    var name: String?
    var kind: Kind
    /// Nil where the archive does not say.
    var size: Int64?
    var isEncrypted: Bool
  }

  private let handle: OpaquePointer
  /// Read for as long as this lives.
  private let file: OpenFile
  private static let block = 1 << 16
  /// Where the entry before the next one ended.
  private var entryEnd: Int64 = 0
  /// A tar ends with blocks of zeros; of the two that are usual one will do.
  private static let tarBlock: Int64 = 512
  /// An archive by gzip has one filter, and libarchive counts itself as another.
  private static let filterLimit: Int32 = 2

  init(_ file: consuming OpenFile) throws(Failure) {
    guard let handle = archive_read_new() else { throw .invalidArchive("no memory") }
    archive_read_support_format_zip(handle)
    archive_read_support_format_tar(handle)
    archive_read_support_filter_gzip(handle)
    archive_read_support_filter_zstd(handle)
    guard archive_read_open_fd(handle, file.descriptor, Self.block) == ARCHIVE_OK else {
      let failure = Self.failure(handle)
      archive_read_free(handle)
      throw failure
    }
    self.handle = handle
    self.file = file
  }

  deinit { archive_read_free(handle) }

  func status() throws(SystemError.Number) -> FileStatus { try file.status() }

  /// The next entry, whose bytes then come from `read` and are read to their end; nil behind the last one.
  mutating func next() throws(Failure) -> Entry? {
    entryEnd = expandedBytes
    var entry: OpaquePointer?
    let result = archive_read_next_header(handle, &entry)
    if result == ARCHIVE_EOF {
      try checkEnd()
      return nil
    }
    // A warning is about a name or a time, both of which we judge ourselves.
    guard result == ARCHIVE_OK || result == ARCHIVE_WARN, let entry else { throw Self.failure(handle) }
    guard archive_filter_count(handle) <= Self.filterLimit else {
      throw .invalidArchive("it is compressed more than once")
    }
    let isLink = archive_entry_hardlink(entry) != nil || archive_entry_symlink(entry) != nil
    let kind: Entry.Kind =
      switch archive_entry_filetype(entry) {
      case S_IFREG where !isLink: .file
      case S_IFDIR where !isLink: .folder
      default: .other
      }
    return Entry(
      name: Self.name(entry), kind: kind,
      size: archive_entry_size_is_set(entry) != 0 ? archive_entry_size(entry) : nil,
      isEncrypted: archive_entry_is_encrypted(entry) != 0 || archive_read_has_encrypted_entries(handle) > 0)
  }

  /// libarchive also takes a tar for whole whose bytes just stop where an entry ends.
  private func checkEnd() throws(Failure) {
    let isTar = archive_format(handle) & ARCHIVE_FORMAT_BASE_MASK == ARCHIVE_FORMAT_TAR
    guard !isTar || expandedBytes - entryEnd >= Self.tarBlock else {
      throw .invalidArchive("it is cut off: its end is missing")
    }
  }

  /// 0 at the end of the entry, whose check sum has then been compared.
  mutating func read(into buffer: inout [UInt8]) throws(Failure) -> Int {
    let count = archive_read_data(handle, &buffer, buffer.count)
    guard count >= 0 else { throw Self.failure(handle) }
    return count
  }

  /// How many bytes came out of the compression so far, skipped ones and headers included.
  var expandedBytes: Int64 { archive_filter_bytes(handle, 0) }

  private static func failure(_ handle: OpaquePointer) -> Failure {
    .invalidArchive(archive_error_string(handle).map { String(cString: $0) } ?? "it cannot be read")
  }

  private static func name(_ entry: OpaquePointer) -> String? {
    let found = archive_entry_pathname_utf8(entry) ?? archive_entry_pathname(entry)
    return found.flatMap { String(validatingCString: $0) }
  }
}

/// Makes names UTF-8 for the thread that it lives on: libarchive turns them into the text of the locale, and
/// a program without one has only ASCII. For threads of our own.
struct ThreadLocale: ~Copyable {
  private let made: locale_t?
  private let before: locale_t?
  private static let characterTypes: Int32 = 1

  init() {
    made = newlocale(Self.characterTypes, "C.UTF-8", nil)
    before = made.flatMap { uselocale($0) }
  }

  /// Marks where the locale is no longer needed.
  func keep() {}

  deinit {
    guard let made else { return }
    uselocale(before)
    freelocale(made)
  }
}

extension Failure {
  static func invalidArchive(_ reason: String) -> Failure {
    Failure(.data, code: "invalid-archive", "The archive cannot be read: \(reason).")
  }

  static func unsafeArchive(_ name: String, _ reason: String) -> Failure {
    Failure(.data, code: "unsafe-archive", "The entry `\(name.prefix(300))` \(reason).")
  }

  static func archiveLimit(_ reason: String) -> Failure {
    Failure(.data, code: "archive-limit", "The archive \(reason).")
  }
}
