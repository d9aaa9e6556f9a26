"""What the tests that read settings begin with: keys, a bank, and all that the line asks for."""

import base64
from pathlib import Path

KEY_BYTES = b"what the tests seal numbers with"
KEY = base64.b64encode(KEY_BYTES).decode()
HASH_KEY_BYTES = b"what the tests hash secrets with"
HASH_KEY = base64.b64encode(HASH_KEY_BYTES).decode()
BANK = {
    "IVR_ODFI_ROUTING": "011000015",
    "IVR_ODFI_NAME": "FEDERAL RESERVE BANK",
    "IVR_ODFI_DESTINATION": " 011000015",
    "IVR_ODFI_ORIGIN": "1041234567",
    "IVR_COMPANY_NAME": "MA HLTH CONNECT",
    "IVR_COMPANY_ID": "1041234567",
    "IVR_COMPANY_HEALTH": "HLTH PREM",
    "IVR_COMPANY_DENTAL": "DNTL PREM",
}
# What a worker outside the demo is asked for: most tests read what goes to the bank.
PLAIN = {"IVR_ACH_PLAIN": "yes", "IVR_INSERTS": str(Path(__file__).parent / "inserts")}
KEYS = {"IVR_KEYS": f"k1:{KEY}", "IVR_HASH_KEY": HASH_KEY}
SUPPORT = {"IVR_SUPPORT_PHONE": "+18005550100", "IVR_SUPPORT_HOURS": "Mon-Fri 08:00-18:00"}
PLACE = {"IVR_VAR": "var"}
