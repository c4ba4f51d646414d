"""Files whose rows are erased: what is still to be deleted from the object store."""

from uuid import UUID

from sqlmodel import Field, SQLModel

from server.models.columns import new_id


class ErasedFile(SQLModel, table=True):
    """One object to delete. It is written with the erasure of its row and goes once the object is gone."""

    __tablename__ = "erased_file"
    id: UUID = new_id()
    erasure_id: UUID = Field(index=True)
    object_key: str
