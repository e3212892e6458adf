SELECT mobile = '5' FROM masked_users
