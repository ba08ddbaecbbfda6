"""What has to be said when it is started."""

from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Everything comes from the environment."""

    keeper: str
    lamps: int = 3


settings = Settings()
