"""Tables of plant protection, harvests, lots and certificates. Rows are added; only products are changed."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.db.table_forms import optional, owned_table, part_of_key, record_table, required
from headland.registry.models.lots import Certificate, CertificateEntry, Harvest, Lot, LotOperation
from headland.registry.models.plant_protection import PlantProtectionProduct, Treatment

_PLACE = {"field": "fields", "zone": "greenhouse_zones"}

plant_protection_products = record_table(
    "plant_protection_products", PlantProtectionProduct, unique=("organisation", "registration_number")
)
treatments = record_table("treatments", Treatment, references={**_PLACE, "corrects": "treatments"})
sa.Index(None, treatments.c.organisation, treatments.c.pass_id)

harvests = record_table("harvests", Harvest, references={**_PLACE, "season": "seasons"})
lots = record_table("lots", Lot, optional("packs", sa.BigInteger), unique=("organisation", "code"))
lot_operations = record_table(
    "lot_operations", LotOperation, references={"harvest": "harvests", "corrects": "lot_operations"}
)
# The masses of the operations: positive where it was made, negative where it was taken. Their sum is what remains.
lot_flows = owned_table(
    "lot_flows",
    part_of_key("lot"),
    part_of_key("operation"),
    required("grams", sa.BigInteger),
    sa.Index(None, "organisation", "operation"),
)
# Which lot went into which, and how much of it; the parent of a harvested lot is its harvest.
lot_links = owned_table(
    "lot_links",
    part_of_key("parent"),
    part_of_key("child"),
    required("operation"),
    required("grams", sa.BigInteger),
    sa.Index(None, "organisation", "child"),
)
#: Lots and harvests in the order in which they were made: a parent's number is less than its child's.
lot_numbers = owned_table(
    "lot_numbers",
    part_of_key("number", sa.BigInteger),
    required("id"),
    sa.Index("un_lot_numbers_organisation_id", "organisation", "id", unique=True),
)
#: The links that stand, by numbers: read in the order of its key, a parent comes before its children.
lot_parents = owned_table(
    "lot_parents",
    part_of_key("child", sa.BigInteger),
    part_of_key("parent", sa.BigInteger),
    sa.Index(None, "organisation", "parent"),
    sqlite_with_rowid=False,
)

certificates = record_table("certificates", Certificate, references={"lot": "lots"}, unique=("organisation", "number"))
sa.Index("un_certificates_token", certificates.c.token, unique=True)
certificate_entries = record_table("certificate_entries", CertificateEntry, references={"certificate": "certificates"})
