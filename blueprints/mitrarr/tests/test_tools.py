"""The smallest file that is one."""
import unittest

from tools.minimal_nst import FS, GS, file


class MinimalFile(unittest.TestCase):
    """`minimal_nst.py`."""

    def test_has_records_as_long_as_they_say(self) -> None:
        for mark in ["M", "M" * 30, "M" * 70, "M" * 900]:
            with self.subTest(length=len(mark)):
                rest = file(mark, has_type=True)
                for type in [b"1.001:", b"2.001:"]:
                    self.assertTrue(rest.startswith(type))
                    length = int(rest[len(type):].split(GS)[0])
                    self.assertTrue(rest[:length].endswith(FS))
                    rest = rest[length:]
                self.assertEqual(rest, b"")

    def test_can_lack_the_type_of_its_transaction(self) -> None:
        self.assertIn(b"1.004:SYN", file("M", has_type=True))
        self.assertNotIn(b"1.004:", file("M", has_type=False))


if __name__ == "__main__":
    unittest.main()
