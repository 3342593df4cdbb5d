"""The spiders of AtlasReg."""
